"""The n best readings of clauses, by a beam that moves through all clauses in step."""

from dataclasses import dataclass

import numpy as np

from components.recipes.conversion.encoding.ngrams import END, NGrams, State
from components.recipes.conversion.params.search import BeamParams
from components.recipes.conversion.serving.lattice import Lattice, ranges, ranks, stretches

FACTOR = np.uint64(0x100000001B3)  # of the rolling hash of a reading's characters (FNV's prime)
AMONG = 3  # times the slots: so many are looked at for equal ones


@dataclass(frozen=True)
class Readings:
    """R readings of clauses, those of a clause together, best first, with W words in all."""

    clause: np.ndarray  # (R,)
    score: np.ndarray  # (R,)
    arcs: np.ndarray  # (W,) of the lattice, end to end
    start: np.ndarray  # (R + 1,)


class Spelling:
    """Hashes of the characters of symbols, that can be strung together."""

    def __init__(self, points: np.ndarray, start: np.ndarray) -> None:
        """`points`: the code points of all V symbols, end to end; `start (V + 1,)`."""
        lengths = np.diff(start)
        self.shift = np.power(FACTOR, lengths.astype(np.uint64))
        self.value = np.zeros(len(lengths), np.uint64)
        for offset in range(int(lengths.max(initial=0))):
            some = np.flatnonzero(lengths > offset)
            self.value[some] = self.value[some] * FACTOR + points[start[some] + offset].astype(np.uint64)

    def longer(self, before: np.ndarray, symbol: np.ndarray) -> np.ndarray:
        """The hash of what is `before`, followed by a symbol."""
        found: np.ndarray = before * self.shift[symbol] + self.value[symbol]
        return found


def beam_search(
    lattice: Lattice, local: np.ndarray, ngrams: NGrams, spelling: Spelling, settings: BeamParams, n_best: int
) -> Readings:
    """At most `n_best` readings of each clause, all of different characters.

    The score is the sum of `local (A,)` of a reading's arcs and of the n-grams' log p of its words and
    its end. A clause that no arcs lead through has no reading.
    """
    return _Beam(lattice, local, ngrams, spelling, settings, n_best).search()


@dataclass(frozen=True)
class _Longer:
    """Hypotheses of one place, grown by a word: the slot they come from and the arc that they take."""

    slot: np.ndarray
    arc: np.ndarray
    clause: np.ndarray
    word: np.ndarray
    row: np.ndarray
    score: np.ndarray
    ends: np.ndarray

    def select(self, kept: np.ndarray) -> "_Longer":
        return _Longer(
            self.slot[kept],
            self.arc[kept],
            self.clause[kept],
            self.word[kept],
            self.row[kept],
            self.score[kept],
            self.ends[kept],
        )


class _Beam:
    """Hypotheses in slots, `slots` of them for each node; `last` and `row` are their n-gram state."""

    def __init__(
        self,
        lattice: Lattice,
        local: np.ndarray,
        ngrams: NGrams,
        spelling: Spelling,
        settings: BeamParams,
        n_best: int,
    ) -> None:
        self.lattice, self.local, self.ngrams, self.spelling = lattice, local, ngrams, spelling
        self.settings, self.n_best = settings, n_best
        self.slots = max(settings.width, n_best)
        nodes = len(lattice.lengths) * (lattice.steps + 1)
        self.count = np.zeros(nodes, np.int64)
        self.score = np.zeros(nodes * self.slots)
        self.hash = np.zeros(nodes * self.slots, np.uint64)
        self.last, self.row, self.arc, self.previous = (np.full(nodes * self.slots, -1, np.int64) for _ in range(4))

    def search(self) -> Readings:
        first = self.lattice.node(np.arange(len(self.lattice.lengths)), 0)
        self.count[first] = 1
        self.last[first * self.slots], self.row[first * self.slots] = self.ngrams.start(len(first))
        for place in range(1, self.lattice.steps + 1):
            longer = self._grow(place)
            if len(longer.slot):
                self._keep(place, longer)
        return self._trace()

    def _grow(self, place: int) -> _Longer:
        lattice, arcs = self.lattice, self.lattice.stopping(place)
        begin = lattice.node(lattice.clause[arcs], lattice.start[arcs])
        count = self.count[begin]
        arc, slot = np.repeat(np.arange(arcs.start, arcs.stop), count), ranges(begin * self.slots, count)
        word, clause = lattice.word[arc], lattice.clause[arc]
        log_p, row = self._log_p(self.last[slot], self.row[slot], word)
        score = self.score[slot] + self.local[arc] + log_p
        ends = lattice.lengths[clause] == place
        if ends.any():
            closed = ends.nonzero()[0]
            score[closed] += self._log_p(word[closed], row[closed], np.full(len(closed), END))[0]
        return _Longer(slot, arc, clause, word, row, score, ends)

    def _log_p(self, last: np.ndarray, row: np.ndarray, word: np.ndarray) -> State:
        log_p, row = self.ngrams.step(last, row, word)
        return log_p, row if self.settings.order > 2 else np.full(len(row), -1)

    def _keep(self, place: int, longer: _Longer) -> None:
        begin, size = stretches(longer.clause)
        best = np.repeat(np.maximum.reduceat(longer.score, begin), size)
        near = (longer.score >= best - self.settings.behind).nonzero()[0]
        near = near[np.lexsort((-longer.score[near], longer.clause[near]))]
        # Of the first few of each clause are most of the others' equals, and sorting all by their hash takes long.
        near = near[ranks(longer.clause[near]) < AMONG * self.slots]
        kept = longer.select(near)
        value = self.spelling.longer(self.hash[kept.slot], kept.word)
        different = _first_of_each(value, np.where(kept.ends, END, kept.word), kept.clause)
        rank = ranks(kept.clause[different])
        within = rank < np.where(kept.ends[different], self.n_best, self.settings.width)
        kept, value, rank = kept.select(different[within]), value[different[within]], rank[within]
        node = self.lattice.node(kept.clause, place)
        np.maximum.at(self.count, node, rank + 1)
        slot = node * self.slots + rank
        self.score[slot], self.hash[slot] = kept.score, value
        self.last[slot], self.row[slot] = kept.word, kept.row
        self.arc[slot], self.previous[slot] = kept.arc, kept.slot

    def _trace(self) -> Readings:
        """From the slots at the ends of the clauses back to their beginnings."""
        end = self.lattice.node(np.arange(len(self.lattice.lengths)), self.lattice.lengths)
        final = ranges(end * self.slots, self.count[end])
        final = final[self.arc[final] >= 0]  # a clause of no syllables is at its end where it begins
        parts = []
        slot, reading = final, np.arange(len(final))
        while len(slot):
            parts.append((reading, self.arc[slot]))
            slot = self.previous[slot]
            left = np.flatnonzero(self.arc[slot] >= 0)
            slot, reading = slot[left], reading[left]
        return readings_of(final // self.slots // (self.lattice.steps + 1), self.score[final], parts)


def readings_of(clause: np.ndarray, score: np.ndarray, parts: list[tuple[np.ndarray, np.ndarray]]) -> Readings:
    """`parts` are readings and an arc of each: first those of the last words, then of those before, and so on."""
    nothing = np.zeros(0, np.int64)
    owner, arcs = (np.concatenate(column) for column in zip(*[*parts, (nothing, nothing)][::-1], strict=True))
    order = np.argsort(owner, kind="stable")
    return Readings(clause, score, arcs[order], np.searchsorted(owner[order], np.arange(len(score) + 1)))


def _first_of_each(value: np.ndarray, last: np.ndarray, clause: np.ndarray) -> np.ndarray:
    """The places of the first of those that agree in all three, ascending."""
    state = (value * FACTOR + last.astype(np.uint64)) * FACTOR + clause.astype(np.uint64)
    first: np.ndarray = np.sort(np.unique(state, return_index=True)[1])
    return first
