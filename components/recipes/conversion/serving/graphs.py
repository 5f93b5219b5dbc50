"""Lattices of runs that can be cut in several ways, or whose syllables are not all spelled out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from components.recipes.conversion.encoding.tones import Tones
from components.recipes.conversion.serving.arcs import Arcs, ArcTable, powers
from components.recipes.conversion.serving.lattice import Found, Lattice, assemble
from components.recipes.conversion.serving.lines import Edge, Run

MOST_PATHS = 200  # from a place on, those of the fewest syllables: letters that stand for syllables have many

# The lowest and the highest number of each of some syllables in a row, and the tone.
Spans = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class Path:
    start: int
    stop: int
    spans: Spans
    bonus: float = 0.0

    @property
    def abbreviated(self) -> bool:
        return any(low < high for low, high, _ in self.spans)


class GraphReader:
    """Finds the words along all paths of runs; the learner's log p is 0."""

    def __init__(self, table: ArcTable, unigram: np.ndarray, most: int, tones: Tones | None = None) -> None:
        """An abbreviation stands for the `most` likely words by `unigram (V,)`."""
        self.table, self.unigram, self.most, self.tones = table, unigram, most, tones

    def lattice(self, runs: Sequence[Run]) -> Lattice:
        longest = max(self.table.by_length)
        paths: dict[int, list[tuple[int, Path]]] = {k: [] for k in range(1, longest + 1)}
        for clause, run in enumerate(runs):
            for path in _paths(run, longest):
                paths[len(path.spans)].append((clause, path))
        remembered: dict[Spans, np.ndarray] = {}
        found = []
        for k, arcs in self.table.by_length.items():
            row, count = self._rows(arcs, [path for _, path in paths[k]], remembered)
            ends = np.array([(clause, path.start, path.stop) for clause, path in paths[k]], np.int64).reshape(-1, 3)
            clause, start, stop = np.repeat(ends, count, axis=0).T
            bonus = np.repeat(np.array([path.bonus for _, path in paths[k]], np.float64), count)
            words = Found(arcs, row, clause, start, stop, np.zeros(len(row)), bonus)
            if self.tones is not None:
                typed = np.array([[one[2] for one in path.spans] for _, path in paths[k]], np.int64).reshape(-1, k)
                words = words.toned(self.tones, np.repeat(typed, count, axis=0))
            found.append(words)
        return assemble(self.table, np.array([run.length for run in runs], np.int64), found)

    def _rows(
        self, arcs: Arcs, paths: Sequence[Path], remembered: dict[Spans, np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        """The rows of all paths' words, end to end, and how many each path has."""
        k = arcs.syllables.shape[1]
        lowest = np.array([[low for low, _, _ in path.spans] for path in paths], np.int64).reshape(-1, k)
        first, count = arcs.find(self.table.key(lowest))
        rows = [np.arange(one, one + number) for one, number in zip(first.tolist(), count.tolist(), strict=True)]
        for at, path in enumerate(paths):
            if path.abbreviated:
                if path.spans not in remembered:
                    remembered[path.spans] = self._scan(arcs, path.spans)
                rows[at] = remembered[path.spans]
        return np.concatenate([*rows, np.zeros(0, np.int64)]), np.array([len(one) for one in rows], np.int64)

    def _scan(self, arcs: Arcs, spans: Spans) -> np.ndarray:
        """The likeliest words whose syllables are in the spans; readings that a character seldom has come last."""
        leading = powers(self.table.base, len(spans))[0]
        begin, end = np.searchsorted(arcs.key, [spans[0][0] * leading, (spans[0][1] + 1) * leading])
        rows = np.arange(arcs.first[begin], arcs.first[end])
        for place, (low, high, _) in enumerate(spans[1:], start=1):
            there = arcs.syllables[rows, place]
            rows = rows[(low <= there) & (there <= high)]
        if self.tones is not None:
            typed = np.array([tone for _, _, tone in spans])
            rows = rows[self.tones.fits(arcs.syllables[rows], arcs.places[rows], typed[None])[0]]
        order = np.lexsort((-self.unigram[arcs.word[rows]], arcs.other[rows]))
        return rows[order[: self.most]]


def _paths(run: Run, longest: int) -> Iterator[Path]:
    leaving: list[list[Edge]] = [[] for _ in range(run.length)]
    for edge in run.edges:
        leaving[edge.start].append(edge)
    biased = any(edge.bonus for edge in run.edges)
    for start in range(run.length):
        ends = [Path(start, start, ())]
        left = MOST_PATHS
        for _ in range(longest):
            ends = [
                Path(start, edge.stop, (*path.spans, (edge.low, edge.high, edge.tone)), path.bonus + edge.bonus)
                for path in ends
                if path.stop < run.length
                for edge in leaving[path.stop]
            ]
            if biased:  # the sort is stable: of equal ones the longest syllables come first
                ends.sort(key=lambda path: -path.bonus)
            ends = ends[:left]
            yield from ends
            left -= len(ends)
