"""All ways to cut a run of letters into syllables, as a lattice, in time linear in its length."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from components.recipes.conversion.encoding.syllables import VOWELS, Syllable
from components.recipes.conversion.encoding.tones import NO_TONE

SUFFIX = "r"
STEMS = ("na", "zhe", "hui", "dian", "wan", "shi", "tou", "hua")  # what has it inside of a run of letters
Path = tuple[Syllable, "Path"] | None  # a linked list: paths share their tails


@dataclass(frozen=True)
class Edge:
    """A syllable spelled by the letters from `start` to before `stop`."""

    start: int
    stop: int
    syllable: Syllable


@dataclass(frozen=True)
class Segmentation:
    """Every edge lies on a way from letter 0 to letter `length`. Sorted by start, then longest first."""

    length: int
    edges: tuple[Edge, ...]

    def best(self) -> tuple[Syllable, ...]:
        return self.ways(1)[0]

    def ways(self, limit: int) -> list[tuple[Syllable, ...]]:
        """At most `limit` ways through, best first.

        The fewest abbreviations and slips are best, then the fewest syllables, then the longest ones first
        (maximum matching).
        """
        leaving: list[list[Edge]] = [[] for _ in range(self.length)]
        for edge in self.edges:
            leaving[edge.start].append(edge)
        tails: list[list[tuple[tuple[int, int], Path]]] = [[] for _ in range(self.length)] + [[((0, 0), None)]]
        for start in range(self.length - 1, -1, -1):
            found: list[tuple[tuple[int, int], Path]] = []
            for edge in leaving[start]:
                one = edge.syllable.abbreviated or edge.syllable.cost < 0
                found += [((cost[0] + one, cost[1] + 1), (edge.syllable, tail)) for cost, tail in tails[edge.stop]]
            # The sort is stable, and edges come longest first.
            tails[start] = sorted(found, key=lambda item: item[0])[:limit]
        return [_unlink(path) for _, path in tails[0]]


@dataclass(frozen=True)
class Letters:
    """Small letters a to z of one word; `toned` has the tones of those with a mark by their places, `last` is the tone
    of the last syllable, where a number gives it.
    """

    text: str
    toned: Mapping[int, int] = field(default_factory=dict)
    last: int = NO_TONE

    def one_tone(self, start: int, stop: int) -> bool:
        """A syllable has one tone mark at most."""
        return sum(place in self.toned for place in range(start, stop)) <= 1 if self.toned else True

    def tone(self, start: int, stop: int) -> int:
        """Of the syllable that these letters spell; a mark says more than a number."""
        marked = next((self.toned[place] for place in range(start, stop) if place in self.toned), NO_TONE)
        return marked or (self.last if stop == len(self.text) or self.text[stop:] == SUFFIX else NO_TONE)

    @property
    def parted(self) -> bool:
        """Whether the only mark is not where one syllable has it: on an a or e, on the o of ou, or the last vowel."""
        if len(self.toned) != 1:
            return False
        vowels = [place for place, letter in enumerate(self.text) if letter in VOWELS]
        first = next((place for place in vowels if self.text[place] in "ae" or self.text.startswith("ou", place)), None)
        place = next(iter(self.toned))
        return place in vowels and place != (vowels[-1] if first is None else first)

    def with_tone(self, syllable: Syllable, start: int, stop: int) -> Syllable:
        tone = self.tone(start, stop) if self.toned or self.last else NO_TONE
        return replace(syllable, tone=tone) if tone else syllable

    def cut(self, start: int, stop: int) -> "Letters":
        toned = {place - start: tone for place, tone in self.toned.items() if start <= place < stop}
        return Letters(self.text[start:stop], toned, self.last if stop == len(self.text) else NO_TONE)


Speller = Callable[[str], Sequence[Syllable]]


def segment(letters: Letters, spelled: Speller, longest: int, suffix: Syllable | None = None) -> Segmentation | None:
    """All splits of a word whose syllables `spelled` knows by at most `longest` letters; None where there is none.

    `suffix` is what an r at the end is, and one inside behind what often has it.
    """
    length = len(letters.text)
    ends = [False] * length + [True]
    edges: list[Edge] = []
    for start in range(length - 1, -1, -1):
        if suffix is not None and start and ends[start + 1] and _is_suffix(letters.text, start):
            edges.append(Edge(start, start + 1, suffix))
            ends[start] = True
        for stop in range(start + 1, min(length, start + longest) + 1):
            if not ends[stop]:
                continue
            found = spelled(letters.text[start:stop])
            if found and letters.one_tone(start, stop):
                edges += [Edge(start, stop, letters.with_tone(one, start, stop)) for one in found]
                ends[start] = True
    if not length or not ends[0]:
        return None
    edges.reverse()
    return Segmentation(length, _reached(edges, length))


def _is_suffix(text: str, place: int) -> bool:
    if text[place] != SUFFIX or text[place + 1 : place + 2] in VOWELS:
        return False
    return place + 1 == len(text) or text[:place].endswith(STEMS)


def around_illegal(letters: Letters, spelled: Speller, longest: int) -> list[tuple[int, int, bool]]:
    """Spans (start, stop, whether it can be cut into syllables) that leave the fewest letters out."""
    length = len(letters.text)
    cost = [0] * (length + 1)
    jump = [length] * (length + 1)
    legal = [False] * (length + 1)
    for start in range(length - 1, -1, -1):
        cost[start], jump[start] = cost[start + 1] + 1, start + 1
        for stop in range(start + 1, min(length, start + longest) + 1):
            if cost[stop] <= cost[start] and spelled(letters.text[start:stop]) and letters.one_tone(start, stop):
                cost[start], jump[start], legal[start] = cost[stop], stop, True
    spans: list[tuple[int, int, bool]] = []
    start = 0
    while start < length:
        stop, is_legal = jump[start], legal[start]
        if spans and spans[-1][2] == is_legal:
            spans[-1] = (spans[-1][0], stop, is_legal)
        else:
            spans.append((start, stop, is_legal))
        start = stop
    return spans


def _reached(edges: list[Edge], length: int) -> tuple[Edge, ...]:
    """Of edges that lead to the end, by ascending start, those that the beginning leads to."""
    begins = [True] + [False] * length
    kept = []
    for edge in edges:
        if begins[edge.start]:
            begins[edge.stop] = True
            kept.append(edge)
    return tuple(kept)


def _unlink(path: Path) -> tuple[Syllable, ...]:
    syllables = []
    while path is not None:
        syllable, path = path
        syllables.append(syllable)
    return tuple(syllables)
