"""Typed lines to runs of syllables between what is no pinyin, each a graph of the ways to cut it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from components.recipes.conversion.encoding.normalise import Literal, Normalised
from components.recipes.conversion.encoding.syllables import Syllable
from components.recipes.conversion.encoding.tones import NO_TONE, Tones
from components.recipes.conversion.serving.arcs import Candidates

WAYS = 8  # to cut a word, by which its tones are judged
WRONG = -50.0  # nats for a syllable without any character of its tone: another way to cut the letters is better


@dataclass(frozen=True)
class Edge:
    """One syllable from one place to a later one: any of the numbers `low` to `high`, one where it is spelled out, in
    the `tone` that was typed. `bonus` is in nats.
    """

    start: int
    stop: int
    low: int
    high: int
    tone: int = NO_TONE
    bonus: float = 0.0


@dataclass(frozen=True)
class Run:
    """Syllables with nothing between: places 0 to `length`, and edges by ascending start."""

    length: int
    edges: tuple[Edge, ...]

    @property
    def abbreviated(self) -> bool:
        return any(edge.low < edge.high for edge in self.edges)

    @property
    def several(self) -> bool:
        """Whether there may be more than one way from its beginning to its end."""
        return len(self.edges) > self.length or any(edge.stop - edge.start > 1 for edge in self.edges)

    @property
    def alternatives(self) -> int:
        """How many of its edges say what others may be meant for."""
        return sum(edge.bonus < 0 for edge in self.edges)

    def numbers(self) -> np.ndarray:
        """The syllables of the only way."""
        return np.array([edge.low for edge in self.edges], np.int64)

    @property
    def toned(self) -> bool:
        return any(edge.tone for edge in self.edges)

    def tones(self) -> np.ndarray | None:
        """Those of the only way, if some were typed."""
        return np.array([edge.tone for edge in self.edges], np.int64) if self.toned else None

    def tones_of(self, way: Sequence[int]) -> np.ndarray | None:
        """Those of the first way whose syllables have the numbers `way`, if some were typed."""
        if not self.toned:
            return None
        links: dict[int, tuple[object, int]] = {0: (None, NO_TONE)}  # by place, how it was reached
        leaving: dict[int, list[Edge]] = {}
        for edge in self.edges:
            leaving.setdefault(edge.start, []).append(edge)
        for number in way:
            reached: dict[int, tuple[object, int]] = {}
            for place, link in links.items():
                for edge in leaving.get(place, ()):
                    if edge.low <= number <= edge.high:
                        reached.setdefault(edge.stop, (link, edge.tone))
            links = reached
        found: list[int] = []
        node: object = links[self.length]
        while isinstance(node, tuple) and node[0] is not None:
            found.append(node[1])
            node = node[0]
        return np.array(found[::-1], np.int64)

    def parts(self, longest: int) -> Iterator["Run"]:
        """Cut at places that no edge passes over, the first of them at or after `longest` places."""
        held: list[Edge] = []
        begin = reach = 0
        for edge in self.edges:
            if edge.start >= reach and edge.start - begin >= longest:
                yield Run(edge.start - begin, tuple(held))
                begin, held = edge.start, []
            held.append(replace(edge, start=edge.start - begin, stop=edge.stop - begin))
            reach = max(reach, edge.stop)
        if held:
            yield Run(self.length - begin, tuple(held))


@dataclass(frozen=True)
class WrongTone:
    """A syllable that no character has in the tone that was typed."""

    syllable: Syllable

    def __str__(self) -> str:
        typed = f"{self.syllable.text}{self.syllable.tone}"
        return f"{typed!r}: no character of {self.syllable.text!r} has this tone; it is left out"


def wrong_tones(normalised: Normalised, candidates: Candidates, tones: Tones) -> Iterator[WrongTone]:
    """Those that every likely way to read a line has."""
    passed = 0
    for lattice in normalised.lattices if normalised.toned else ():
        yield from _wrong(normalised.pieces[passed : lattice.start], candidates, tones)
        ways = [list(_wrong(way, candidates, tones)) for way in lattice.segmentation.ways(WAYS)]
        yield from min(ways, key=len)
        passed = lattice.stop
    yield from _wrong(normalised.pieces[passed:], candidates, tones)


def _wrong(pieces: Sequence[Syllable | Literal], candidates: Candidates, tones: Tones) -> Iterator[WrongTone]:
    for one in pieces:
        if isinstance(one, Syllable) and one.tone and not _has_tone(one, candidates, tones):
            yield WrongTone(one)


def read_runs(normalised: Normalised, candidates: Candidates, tones: Tones) -> Iterator["str | Run"]:
    """The line in its order: text that stays as it is, and runs."""
    lattices = {lattice.start: lattice for lattice in normalised.lattices}
    edges: list[Edge] = []
    length = at = 0
    while at < len(normalised.pieces):
        piece = normalised.pieces[at]
        if isinstance(piece, Literal):
            if edges:
                yield Run(length, tuple(edges))
            edges, length = [], 0
            yield piece.text
        elif at in lattices:
            segmentation = lattices[at].segmentation
            edges += [
                _edge(length + one.start, length + one.stop, one.syllable, candidates, tones)
                for one in segmentation.edges
            ]
            length += segmentation.length
            at = lattices[at].stop - 1
        else:
            edges.append(_edge(length, length + 1, piece, candidates, tones))
            length += 1
        at += 1
    if edges:
        yield Run(length, tuple(edges))


def spelled_run(numbers: np.ndarray) -> Run:
    """Of known syllables."""
    edges = (Edge(place, place + 1, number, number) for place, number in enumerate(numbers.tolist()))
    return Run(len(numbers), tuple(edges))


def _edge(start: int, stop: int, syllable: Syllable, candidates: Candidates, tones: Tones) -> Edge:
    # Those that begin with the same letters are neighbours in sorted order.
    numbers = [candidates.number[one] for one in syllable.alternatives]
    if not syllable.tone or _has_tone(syllable, candidates, tones):
        return Edge(start, stop, min(numbers), max(numbers), syllable.tone, syllable.cost)
    return Edge(start, stop, min(numbers), max(numbers), bonus=syllable.cost + WRONG)


def _has_tone(syllable: Syllable, candidates: Candidates, tones: Tones) -> bool:
    return any(tones.known(candidates.number[one], syllable.tone) for one in syllable.alternatives)
