"""Clauses of syllables to their n best readings: learner and lattice in one beam, then a choice among whole ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from pydantic import Field

from components.core.blocks import Block
from components.recipes.conversion.encoding.tones import Tones
from components.recipes.conversion.params.search import BeamParams
from components.recipes.conversion.serving.arcs import ArcTable
from components.recipes.conversion.serving.beam import Readings, beam_search
from components.recipes.conversion.serving.lattice import Lattice, Toned, lattice_of, ranges, ranks
from components.recipes.conversion.serving.learner import LearnerScorer
from components.recipes.conversion.serving.prune import max_marginals
from components.recipes.conversion.serving.rescore import (
    Feature,
    Models,
    bonuses,
    features,
    shares,
    weighted,
)
from components.recipes.conversion.serving.vocabulary import Vocabulary

CELLS = 4096  # places of a batch of clauses: what memory a search takes is in proportion

Candidate = tuple[str, float]


class SearchSettings(Block):
    """`caps` bounds the words of the same 1, 2, ... syllables. A word adds `learner` times the learner's log p to a
    reading, and `other` if it is a character in a reading that it seldom has. Words that no reading within
    `behind` nats of the best one uses, words taken by themselves, are left out; null keeps all. The
    `rescored` best readings of the beam are scored again, by `weights`; a feature without one does not count.
    """

    caps: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(strict=False, min_length=1)]
    learner: Annotated[float, Field(ge=0)]
    other: Annotated[float, Field(le=0)]
    behind: Annotated[float, Field(gt=0)] | None
    beam: BeamParams
    rescored: Annotated[int, Field(ge=1)]
    weights: dict[Feature, float]


@dataclass(frozen=True)
class Decoder:
    """`learner` is None where there is no network: its log p is then 0 everywhere. `tones` are there for who asks with
    some, `favoured (V,)` what a person adds to words.
    """

    table: ArcTable
    models: Models
    learner: LearnerScorer | None
    search: SearchSettings
    tones: Tones | None = None
    favoured: np.ndarray | None = None

    def candidates(
        self, sequences: Sequence[np.ndarray], n_best: int, typed: Sequence[np.ndarray] | None = None
    ) -> list[list[Candidate]]:
        """For each clause of syllable numbers at most `n_best` texts with log of their share, best first.

        `typed` are the tones of the syllables. Shares are among the readings that are rescored; a clause without
        syllables is read as "".
        """
        found: list[list[Candidate]] = [[("", 0.0)] for _ in sequences]
        for rows in batches(np.array([len(one) for one in sequences])):
            lattice = self.lattice([sequences[row] for row in rows], typed and [typed[row] for row in rows])
            for row, answer in zip(rows, self.answers(lattice, n_best), strict=True):
                found[row] = answer
        return found

    def lattice(self, sequences: Sequence[np.ndarray], typed: Sequence[np.ndarray] | None = None) -> Lattice:
        log_p = self.learner.log_p(sequences) if self.learner else None
        toned = Toned(self.tones, np.concatenate(typed)) if typed and self.tones is not None else None
        return self.with_favours(lattice_of(sequences, self.table, log_p, toned))

    def with_favours(self, lattice: Lattice) -> Lattice:
        """What a person has said of the words, on top of the rest."""
        if self.favoured is None:
            return lattice
        return replace(lattice, bonus=lattice.bonus + self.favoured[lattice.word])

    def readings(self, lattice: Lattice, count: int) -> tuple[Lattice, Readings]:
        """The best `count` of each clause by the beam, and the arcs of the lattice that it looked at."""
        if self.search.behind is not None:
            alone = self.local(lattice) + self.models.words.unigram[lattice.word]
            lattice = lattice.select(np.flatnonzero(max_marginals(lattice, alone) >= -self.search.behind))
        spelling = self.models.vocabulary.spelling
        found = beam_search(lattice, self.local(lattice), self.models.words, spelling, self.search.beam, count)
        return lattice, found

    def local(self, lattice: Lattice) -> np.ndarray:
        """What each arc adds by itself, `(A,)`."""
        return self.search.learner * lattice.learner + self.search.other * lattice.other + lattice.bonus

    def answers(self, lattice: Lattice, n_best: int) -> list[list[Candidate]]:
        """At most `n_best` texts of each clause of a lattice, by the weighted features."""
        lattice, readings = self.readings(lattice, max(self.search.rescored, n_best))
        score = weighted(features(lattice, readings, self.models), self.search.weights)
        share = shares(readings.clause, score + bonuses(lattice, readings))
        order = np.lexsort((-share, readings.clause))
        best = order[ranks(readings.clause[order]) < n_best]
        found: list[list[Candidate]] = [[] for _ in lattice.lengths]
        texts = texts_of(lattice, readings, self.models.vocabulary, best)
        for clause, text, log_p in zip(readings.clause[best].tolist(), texts, share[best].tolist(), strict=True):
            found[clause].append((text, log_p))
        return found


def texts_of(lattice: Lattice, readings: Readings, vocabulary: Vocabulary, some: np.ndarray | None = None) -> list[str]:
    """Of all readings, or of `some`: those of all take as long as much of the search."""
    begin, size = readings.start[:-1], np.diff(readings.start)
    if some is not None:
        begin, size = begin[some], size[some]
    words, end = vocabulary.texts, np.cumsum(size)
    symbols = lattice.word[readings.arcs[ranges(begin, size)]].tolist()
    places = zip((end - size).tolist(), end.tolist(), strict=True)
    return ["".join([words[one] for one in symbols[a:b]]) for a, b in places]


def batches(lengths: np.ndarray) -> Iterator[list[int]]:
    """Clauses that are not empty, like lengths together; a batch has at most `CELLS` places, or one clause."""
    batch: list[int] = []
    for clause in np.argsort(lengths, kind="stable").tolist():
        if lengths[clause] and batch and (len(batch) + 1) * lengths[clause] > CELLS:
            yield batch
            batch = []
        if lengths[clause]:
            batch.append(clause)
    if batch:
        yield batch
