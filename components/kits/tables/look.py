"""Models of a table's columns and of parts of them, on few rows: what is lost without a column."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from components.kits.tables.questions import Question
from components.kits.tables.scored import FOLDS, Features, Scored, score_folds

MOST_ROWS = 5_000
LOOKED_AT, KEPT = 10, 24  # columns that the trees gain most from: under suspicion, and in the models that are compared
SAME = 0.8  # correlation from which two columns say the same
FEW_KINDS = 20  # values of a column, by which others are asked whether they say the same


class Look:
    """Models of the features and of parts of them, each fitted once.

    What is compared are models of the columns that trees gain most from; `confirm` asks all of them.
    """

    def __init__(
        self, features: Features, target: np.ndarray, fold: np.ndarray, known: frozenset[str], question: Question
    ) -> None:
        self.features, self.target, self.fold, self.known, self.question = features, target, fold, known, question
        self._scored: dict[tuple[bool, frozenset[str]], Scored] = {}
        self.all = self._score((), whole=True)
        by_gain = sorted(features.names, key=lambda name: (-self.all.gain[name], name))
        self.kept = features.of(by_gain[:KEPT])
        suspects = [name for name in by_gain if name not in known and self.all.gain[name] > 0][:LOOKED_AT]
        self.every, agreement = _agreements(features, suspects)
        self.same = {name: self._same(name, agreement[name]) for name in suspects}

    def _same(self, name: str, agreement: np.ndarray) -> frozenset[str]:
        """The column with those that say the same, as far as they are not known."""
        others = {other for other, one in zip(self.every, agreement, strict=True) if one >= SAME}
        return frozenset({name, *others}) - self.known

    def _score(self, names: Iterable[str], *, whole: bool) -> Scored:
        gone = frozenset(names)
        if (whole, gone) not in self._scored:
            features = self.features if whole else self.kept
            self._scored[whole, gone] = score_folds(
                features.without(gone, self.known), self.target, self.fold, self.question
            )
        return self._scored[whole, gone]

    def without(self, names: Iterable[str]) -> Scored:
        return self._score(names, whole=len(self.features.names) <= KEPT)

    def confirm(self, names: Iterable[str]) -> Scored:
        return self._score(names, whole=True)

    def alone(self, names: Iterable[str]) -> Scored:
        return score_folds(self.features.of(names), self.target, self.fold, self.question)

    def growth(self, without: Scored) -> float:
        """How many times the error, 1 - AUC, is as large."""
        return (1 - without.auc) / max(1 - self.all.auc, 1e-3)

    def errors(self, without: Scored) -> float:
        """The loss of AUC in standard errors of it."""
        error = self.question.error(self.all.shares - without.shares, self.target)
        return (self.all.auc - without.auc) / max(error, 1e-6)


def sample(strata: np.ndarray) -> np.ndarray:
    """Positions of at most `MOST_ROWS` rows, ascending, as many of the rarer strata (N,), such as classes, as of others
    where there are so many.
    """
    random, left, drawn = np.random.default_rng(0), MOST_ROWS, []
    counts = np.bincount(strata, minlength=2)
    for place, label in enumerate(np.argsort(counts, kind="stable")):
        rows = random.permutation(np.flatnonzero(strata == label))[: left // (len(counts) - place)]
        drawn.append(rows)
        left -= len(rows)
    return np.sort(np.concatenate(drawn))


def deal_folds(strata: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    """The fold (N,) of each row: at random, of each stratum alike, or of whole groups."""
    random = np.random.default_rng(0)
    if groups is not None:
        codes = np.unique(groups, return_inverse=True)[1]
        return (random.permutation(codes.max() + 1) % FOLDS)[codes]
    fold = np.empty(len(strata), dtype=np.int64)
    for label in np.unique(strata):
        rows = random.permutation(np.flatnonzero(strata == label))
        fold[rows] = np.arange(len(rows)) % FOLDS
    return fold


def _agreements(features: Features, names: Sequence[str]) -> tuple[list[str], dict[str, np.ndarray]]:
    """Of each of `names` with every column: the correlation of ranks, or of the column's ranks with means by value."""
    every = features.names
    table = np.column_stack([features.of([name]).values[:, 0] for name in every])
    ranks = pd.DataFrame(table).rank(pct=True).fillna(0.5).to_numpy()
    ranks = ranks - ranks.mean(axis=0)
    spread = np.sqrt((ranks**2).sum(axis=0)) + 1e-12
    found = {}
    for name in names:
        place = every.index(name)
        straight = np.abs(ranks.T @ ranks[:, place]) / spread / spread[place]
        found[name] = np.maximum(straight, _by_value(table[:, place], ranks))
    return every, found


def _by_value(values: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """Correlation ratio of each column of ranks (N, C) with values (N,) of few kinds, less what chance gives."""
    codes = pd.factorize(values, use_na_sentinel=False)[0]
    count = codes.max() + 1
    if count > FEW_KINDS or count >= len(codes):
        return np.zeros(ranks.shape[1])
    sums = np.zeros((count, ranks.shape[1]))
    np.add.at(sums, codes, ranks)
    between = (sums**2 / np.bincount(codes)[:, None]).sum(axis=0) / ((ranks**2).sum(axis=0) + 1e-12)
    less = 1 - (1 - between) * (len(codes) - 1) / (len(codes) - count)
    return np.sqrt(np.clip(less, 0, 1))
