"""The best reading of each clause under word bigrams, exactly (Viterbi 1967): no beam, nothing is left out."""

import numpy as np

from components.recipes.conversion.encoding.ngrams import END, START, NGrams
from components.recipes.conversion.serving.beam import Readings, readings_of
from components.recipes.conversion.serving.lattice import Lattice, ranges


def best_readings(lattice: Lattice, local: np.ndarray, ngrams: NGrams) -> Readings:
    """One reading of each clause: of all, the one whose `local (A,)` and bigrams' log p sum to most.

    What a word adds depends on the word before alone, so that of all the readings up to an arc the best
    one counts. Of equal ones the first in the lattice's order is taken. A clause that no arcs lead through
    has none.
    """
    clauses = np.arange(len(lattice.lengths))
    total, before = np.full(len(lattice.word), -np.inf), np.full(len(lattice.word), -1, np.int64)
    opening = np.flatnonzero(lattice.start == 0)
    total[opening] = local[opening] + _log_p(ngrams, np.full(len(opening), START), lattice.word[opening])
    # Arcs are ordered by place, then by clause, so that those that stop where another starts are neighbours.
    stops = lattice.stop * len(clauses) + lattice.clause
    for place in range(1, lattice.steps + 1):
        arcs = np.arange(*lattice.stopping(place).indices(len(stops)))
        arcs = arcs[lattice.start[arcs] > 0]
        arcs, last, count = _followed(stops, arcs, lattice.start[arcs] * len(clauses) + lattice.clause[arcs])
        log_p = _log_p(ngrams, lattice.word[last], np.repeat(lattice.word[arcs], count))
        which = _best_of_each(total[last] + log_p, count)
        total[arcs], before[arcs] = local[arcs] + (total[last] + log_p)[which], last[which]
    ended, last, count = _followed(stops, clauses, lattice.lengths * len(clauses) + clauses)
    score = total[last] + _log_p(ngrams, lattice.word[last], np.full(len(last), END))
    which = _best_of_each(score, count)
    return _trace(ended, score[which], last[which], before)


def _followed(stops: np.ndarray, what: np.ndarray, where: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Those of `what` that have arcs that stop where they start, these arcs end to end, and how many of each."""
    first = np.searchsorted(stops, where)
    count = np.searchsorted(stops, where, side="right") - first
    some = count > 0
    return what[some], ranges(first[some], count[some]), count[some]


def _best_of_each(score: np.ndarray, count: np.ndarray) -> np.ndarray:
    """The place of the highest score of each stretch of `count` scores, the first of equal ones."""
    if not len(count):
        return np.zeros(0, np.int64)
    best = np.maximum.reduceat(score, np.cumsum(count) - count)
    at = np.flatnonzero(score == np.repeat(best, count))
    owner = np.repeat(np.arange(len(count)), count)[at]
    return at[np.searchsorted(owner, np.arange(len(count)))]


def _log_p(ngrams: NGrams, last: np.ndarray, word: np.ndarray) -> np.ndarray:
    return ngrams.step(last, np.full(len(last), -1), word)[0]


def _trace(clause: np.ndarray, score: np.ndarray, last: np.ndarray, before: np.ndarray) -> Readings:
    parts = []
    reading, arc = np.arange(len(last)), last
    while len(arc):
        parts.append((reading, arc))
        reading, arc = reading[before[arc] >= 0], before[arc][before[arc] >= 0]
    return readings_of(clause, score, parts)
