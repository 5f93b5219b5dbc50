"""All words that clauses of syllables can be read as, for many clauses at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from components.recipes.conversion.encoding.tones import Tones
from components.recipes.conversion.serving.arcs import Arcs, ArcTable

UNKNOWN = -8.0  # the learner's log p of a character that it does not know of its syllable
RARE = -6.0  # nats for a tone that a character seldom has: of 0 to -10 the best on a validation typed with tones


@dataclass(frozen=True)
class Lattice:
    """G clauses; clause g has the places 0 to lengths[g] (the last one its end), and words between them.

    A arcs, ordered by the place where they stop, then by clause. `row` is that of the table's arcs of
    `size` syllables; `learner` is the log p that the learner gives their characters.
    """

    table: ArcTable
    lengths: np.ndarray  # (G,)
    clause: np.ndarray  # (A,)
    start: np.ndarray  # (A,)
    stop: np.ndarray  # (A,)
    size: np.ndarray  # (A,)
    row: np.ndarray  # (A,)
    word: np.ndarray  # (A,)
    other: np.ndarray  # (A,) bool
    learner: np.ndarray  # (A,) float64
    bonus: np.ndarray  # (A,) float64, of what the person who asks has said

    @cached_property
    def steps(self) -> int:
        """The most places after the first that a clause has."""
        return int(self.lengths.max(initial=0))

    @cached_property
    def _begin(self) -> np.ndarray:
        return np.searchsorted(self.stop, np.arange(self.steps + 2))

    def stopping(self, place: int) -> slice:
        """The arcs that stop at a place."""
        return slice(int(self._begin[place]), int(self._begin[place + 1]))

    def node(self, clause: np.ndarray, place: "np.ndarray | int") -> np.ndarray:
        """A number for each place of each clause."""
        return clause * (self.steps + 1) + place

    def select(self, kept: np.ndarray) -> "Lattice":
        """Those of the arcs alone, in their order."""
        columns = (
            self.clause,
            self.start,
            self.stop,
            self.size,
            self.row,
            self.word,
            self.other,
            self.learner,
            self.bonus,
        )
        return Lattice(self.table, self.lengths, *(column[kept] for column in columns))

    def syllables(self, arcs: np.ndarray) -> np.ndarray:
        """The numbers of the syllables of arcs, end to end."""
        end = np.cumsum(self.size[arcs])
        found = np.empty(int(end[-1]) if len(end) else 0, np.int64)
        for k, table in self.table.by_length.items():
            some = np.flatnonzero(self.size[arcs] == k)
            found[end[some][:, None] - k + np.arange(k)] = table.syllables[self.row[arcs[some]]]
        return found


@dataclass(frozen=True)
class Found:
    """Arcs of one size, in any order; `at` is the position of their first syllable among all clauses'."""

    arcs: Arcs
    row: np.ndarray
    clause: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    learner: np.ndarray
    bonus: np.ndarray

    def select(self, kept: np.ndarray) -> "Found":
        columns = (self.row, self.clause, self.start, self.stop, self.learner, self.bonus)
        return Found(self.arcs, *(column[kept] for column in columns))

    def toned(self, tones: Tones, typed: np.ndarray) -> "Found":
        """Those that can have the tones `typed (n, k)`."""
        fits, rare = tones.fits(self.arcs.syllables[self.row], self.arcs.places[self.row], typed)
        return replace(self, bonus=self.bonus + RARE * rare).select(np.flatnonzero(fits))


@dataclass(frozen=True)
class Toned:
    """`typed (N,)`: the tones of the syllables of all clauses, end to end."""

    tones: Tones
    typed: np.ndarray


def lattice_of(
    sequences: Sequence[np.ndarray], table: ArcTable, log_p: np.ndarray | None = None, toned: Toned | None = None
) -> Lattice:
    """Clauses of known syllables, each a `(L,)` array of numbers; place i is before syllable i.

    `log_p (N, C)` is the learner's log p of each candidate of the N syllables of all clauses, end to end. Of words
    that cannot have the tones of `toned` there are none.
    """
    lengths = np.array([len(one) for one in sequences], np.int64)
    flat = np.concatenate([*sequences, np.zeros(0, np.int64)])
    clause = np.repeat(np.arange(len(lengths)), lengths)
    place = np.arange(len(flat)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    left = lengths[clause] - place
    found = []
    key = np.zeros(len(flat), np.int64)
    for k in range(1, min(max(table.by_length), int(lengths.max(initial=0))) + 1):
        key[: len(flat) - k + 1] = key[: len(flat) - k + 1] * table.base + flat[k - 1 :]
        if k not in table.by_length:
            continue
        at = np.flatnonzero(left >= k)
        arcs = table.by_length[k]
        row, count = arcs.find(key[at])
        at, row = np.repeat(at, count), ranges(row, count)
        learner = _learner(log_p, arcs, at, row)
        words = Found(arcs, row, clause[at], place[at], place[at] + k, learner, np.zeros(len(row)))
        found.append(words if toned is None else words.toned(toned.tones, toned.typed[at[:, None] + np.arange(k)]))
    return assemble(table, lengths, found)


def assemble(table: ArcTable, lengths: np.ndarray, found: Sequence[Found]) -> Lattice:
    """Arcs of any sizes to a lattice in its order."""
    sizes = [one.arcs.places.shape[1] for one in found]

    def joined(column: Callable[[Found], np.ndarray]) -> np.ndarray:
        return np.concatenate([column(one) for one in found])

    clause, stop = joined(lambda one: one.clause), joined(lambda one: one.stop)
    order = np.argsort(stop * len(lengths) + clause, kind="stable")
    columns = (
        clause,
        joined(lambda one: one.start),
        stop,
        np.repeat(sizes, [len(one.row) for one in found]),
        joined(lambda one: one.row),
        joined(lambda one: one.arcs.word[one.row]),
        joined(lambda one: one.arcs.other[one.row]),
        joined(lambda one: one.learner),
        joined(lambda one: one.bonus),
    )
    return Lattice(table, lengths, *(column[order] for column in columns))


def ranges(first: np.ndarray, count: np.ndarray) -> np.ndarray:
    """first[0], first[0] + 1, ..., count[0] of them, then those of the next."""
    end = count.cumsum()
    return (first - end + count).repeat(count) + np.arange(int(end[-1]) if len(end) else 0)


def stretches(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each run of equal values begins, and how many there are; equal values stand together."""
    if len(values) and values[0] == values[-1]:  # as always of one clause, which is waited for
        return np.zeros(1, np.int64), np.array([len(values)])
    changes = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=changes[1:])
    begin = changes.nonzero()[0]
    size = np.empty(len(begin), np.int64)
    size[:-1] = begin[1:] - begin[:-1]
    size[-1:] = len(values) - begin[-1:]
    return begin, size


def ranks(values: np.ndarray) -> np.ndarray:
    """The place of each among its equals, from 0; equal values stand together."""
    begin, size = stretches(values)
    return np.arange(len(values)) - (np.repeat(begin, size) if len(begin) > 1 else 0)


def _learner(log_p: np.ndarray | None, arcs: Arcs, at: np.ndarray, row: np.ndarray) -> np.ndarray:
    total = np.zeros(len(row))
    if log_p is not None:
        for offset in range(arcs.places.shape[1]):
            there = arcs.places[row, offset]
            total += np.where(there >= 0, log_p[at + offset, there], UNKNOWN)
    return total
