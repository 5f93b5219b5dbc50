"""Typed lines to runs of syllables between what is no pinyin, each a graph of the ways to cut it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from components.recipes.conversion.encoding.normalise import Literal, Normalised
from components.recipes.conversion.encoding.syllables import Syllable
from components.recipes.conversion.serving.arcs import Candidates


@dataclass(frozen=True)
class Edge:
    """One syllable from one place to a later one: any of the numbers `low` to `high`, one where it is spelled out."""

    start: int
    stop: int
    low: int
    high: int


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
        return any(edge.stop - edge.start > 1 for edge in self.edges)

    def numbers(self) -> np.ndarray:
        """The syllables of the only way."""
        return np.array([edge.low for edge in self.edges], np.int64)

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


def read_runs(normalised: Normalised, candidates: Candidates) -> Iterator["str | Run"]:
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
                _edge(length + one.start, length + one.stop, one.syllable, candidates) for one in segmentation.edges
            ]
            length += segmentation.length
            at = lattices[at].stop - 1
        else:
            edges.append(_edge(length, length + 1, piece, candidates))
            length += 1
        at += 1
    if edges:
        yield Run(length, tuple(edges))


def spelled_run(numbers: np.ndarray) -> Run:
    """Of known syllables."""
    edges = (Edge(place, place + 1, number, number) for place, number in enumerate(numbers.tolist()))
    return Run(len(numbers), tuple(edges))


def _edge(start: int, stop: int, syllable: Syllable, candidates: Candidates) -> Edge:
    # Those that begin with the same letters are neighbours in sorted order.
    numbers = [candidates.number[one] for one in syllable.alternatives]
    return Edge(start, stop, min(numbers), max(numbers))
