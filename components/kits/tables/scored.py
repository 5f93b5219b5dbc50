"""A small tree model of a typed table, scored out of fold: how well some of its columns tell the target."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from components.kits.tables.encoding.convert import as_floats
from components.kits.tables.encoding.spec import Column
from components.kits.tables.questions import Question

FOLDS = 3
TREES = 40
# Small trees: quick, and with no more than the few rows of a small table can bear.
SETTINGS: Mapping[str, Any] = {
    "learning_rate": 0.15,
    "num_leaves": 8,
    "min_data_in_leaf": 10,
    "lambda_l2": 5.0,
    "max_bin": 63,
    "seed": 0,
    "num_threads": 1,
    "deterministic": True,
    "force_col_wise": True,
    "verbosity": -1,
}
AMOUNTS = ("numeric", "amount")
RELATED = 0.3  # rank correlation from which two amounts are looked at as a ratio, too
MOST_RATIOS = 20


@dataclass(frozen=True)
class Features:
    """What trees are given: `values (N, F)`, and for each feature the columns that it is made of."""

    values: np.ndarray
    made_of: tuple[frozenset[str], ...]

    @property
    def names(self) -> list[str]:
        return [next(iter(made)) for made in self.made_of if len(made) == 1]

    def without(self, names: Iterable[str], known: frozenset[str] = frozenset()) -> "Features":
        """Those that none of the columns is part of, or that a `known` one is part of, too."""
        gone = set(names)
        return self._kept([not made & gone or bool(made & known) for made in self.made_of])

    def of(self, names: Iterable[str]) -> "Features":
        own = set(names)
        return self._kept([made <= own for made in self.made_of])

    def _kept(self, kept: list[bool]) -> "Features":
        made_of = tuple(made for made, keep in zip(self.made_of, kept, strict=True) if keep)
        return Features(self.values[:, np.array(kept, dtype=bool)], made_of)


@dataclass(frozen=True)
class Scored:
    """How well a model tells the rows of folds that it has not seen.

    `auc` is the mean of the folds', or what stands for it; `shares (N,)` are what each row adds to it. `gain` is each
    column's share of what the trees have won.
    """

    auc: float
    shares: np.ndarray
    gain: Mapping[str, float]


def make_features(typed: pd.DataFrame, columns: Mapping[str, Column]) -> Features:
    """Each column as a number, and what shows only in two: ratios of related amounts, the days from one date to
    another.
    """
    values: dict[frozenset[str], np.ndarray] = {
        frozenset([name]): _number(typed[name], column.kind) for name, column in columns.items()
    }
    dates = [name for name, column in columns.items() if column.kind == "date"]
    pairs: list[tuple[str, str, np.ufunc]] = [(first, second, np.subtract) for first, second in combinations(dates, 2)]
    amounts = [name for name, column in columns.items() if column.kind in AMOUNTS]
    pairs += [(first, second, np.divide) for first, second in _related(typed[amounts])]
    for first, second, of in pairs:
        one, other = values[frozenset([first])], values[frozenset([second])]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            values[frozenset([first, second])] = of(one, other)
    table = np.column_stack(list(values.values())).astype(np.float64)
    return Features(np.where(np.isinf(table), np.nan, table), tuple(values))


def score_folds(features: Features, target: np.ndarray, fold: np.ndarray, question: Question) -> Scored:
    """A model for each fold (N,) of the rows of the others; `target (N,)` is what the question is about."""
    import lightgbm  # its import costs more than a model

    shares, gain, aucs = np.zeros(len(target)), np.zeros(len(features.made_of)), []
    if not features.made_of:
        return Scored(0.5, np.full(len(target), 0.5), {})
    settings = {**question.settings, **SETTINGS}
    whole = lightgbm.Dataset(features.values, target, params=dict(settings), free_raw_data=False).construct()
    for number in range(fold.max() + 1):
        rest, held_out = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        model = lightgbm.train(dict(settings), whole.subset(rest.tolist()), TREES)
        told = np.asarray(model.predict(features.values[held_out], num_threads=1))
        auc, shares[held_out] = question.judge(told, target[held_out])
        gain += model.feature_importance("gain")
        aucs.append(auc)
    return Scored(float(np.mean(aucs)), shares, _by_column(features, gain))


def explained(features: Features, name: str, others: Features, fold: np.ndarray) -> float:
    """R² out of fold of a model that tells the rank of a column's values by the `others`."""
    import lightgbm

    values = features.of([name]).values[:, 0]
    known = ~np.isnan(values)
    if not others.made_of or known.sum() < SETTINGS["min_data_in_leaf"] * len(np.unique(fold)):
        return 0.0
    rank = pd.Series(values[known]).rank(pct=True).to_numpy()
    table, part, told = others.values[known], fold[known], np.zeros(len(rank))
    settings = {**SETTINGS, "objective": "regression"}
    for number in np.unique(part):
        rest, held_out = part != number, part == number
        model = lightgbm.train(settings, lightgbm.Dataset(table[rest], rank[rest], params=settings), TREES)
        told[held_out] = model.predict(table[held_out], num_threads=1)
    return 1 - float(((rank - told) ** 2).mean() / max(rank.var(), 1e-12))


def _by_column(features: Features, gain: np.ndarray) -> dict[str, float]:
    found: dict[str, float] = {}
    for made, won in zip(features.made_of, gain / (gain.sum() or 1.0), strict=True):
        for name in made:
            found[name] = found.get(name, 0.0) + float(won)
    return found


def _number(values: pd.Series, kind: str) -> np.ndarray:
    """Classes by the order of their names, as grades have one; of a text its length."""
    if kind == "text":
        return values.str.len().to_numpy(dtype=np.float64, na_value=np.nan)
    if kind in ("categorical", "band"):
        codes = pd.factorize(values, sort=True)[0].astype(np.float64)
        return np.where(codes < 0, np.nan, codes)
    return as_floats(values)


def _related(amounts: pd.DataFrame) -> list[tuple[str, str]]:
    """Pairs of columns that rise together, the closest first."""
    if amounts.shape[1] < 2:
        return []
    ranks = amounts.astype(np.float64).rank().corr().to_numpy()
    first, second = np.triu_indices(len(ranks), 1)
    found = np.nan_to_num(ranks[first, second])
    order = np.argsort(-found, kind="stable")[:MOST_RATIOS]
    names = list(amounts.columns)
    return [(names[first[place]], names[second[place]]) for place in order if found[place] >= RELATED]
