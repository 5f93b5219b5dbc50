"""What outcome the rows of each split have, of several classes or of a number, and what chance makes of it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.core.results import Cell, Table
from components.kits.tables.encoding.spec import FeatureParams
from components.kits.tables.outcome.outcome import Counted
from components.kits.tables.shares import DRAWN, ORDER, UNLIKELY, design_effect, odds

TITLE = "Rows of the splits"
NOTE = "Splits that differ by more than chance allows are asked about: `prepare.split.uneven` says that they may."
MOST_TOLD = 8  # classes in a line of the log


@dataclass(frozen=True)
class ClassShares:
    """`counts` of each class by split, in the order of `values`."""

    values: Sequence[str]
    counts: Mapping[str, Sequence[int]]

    @classmethod
    def of(cls, splits: Mapping[str, np.ndarray], answers: np.ndarray, values: Sequence[str]) -> "ClassShares":
        counts = {name: np.bincount(answers[rows], minlength=len(values)) for name, rows in splits.items()}
        return cls(values, {name: [int(count) for count in found] for name, found in counts.items()})

    def told(self) -> str:
        """`train 640 rows (VF 50.1%, F 30.2%, ...); test ...`."""
        return "; ".join(f"{name} {sum(counts):,} rows ({self._told(counts)})" for name, counts in self.counts.items())

    def _told(self, counts: Sequence[int]) -> str:
        rows = max(sum(counts), 1)
        shares = [f"{value} {count / rows:.1%}" for value, count in zip(self.values, counts, strict=True)]
        return ", ".join(shares[:MOST_TOLD]) + (", ..." if len(shares) > MOST_TOLD else "")

    def to_json(self) -> dict[str, Any]:
        return {
            name: {"rows": sum(counts), "classes": dict(zip(self.values, counts, strict=True))}
            for name, counts in self.counts.items()
        }


@dataclass(frozen=True)
class NumberShares:
    """Rows, mean, standard deviation and quartiles of the target by split."""

    figures: Mapping[str, Mapping[str, float]]

    @classmethod
    def of(cls, splits: Mapping[str, np.ndarray], answers: np.ndarray) -> "NumberShares":
        return cls({name: _figures(answers[rows]) for name, rows in splits.items()})

    def told(self) -> str:
        """`train 640 rows (mean 12.3, median 10); test ...`."""
        return "; ".join(
            f"{name} {found['rows']:,.0f} rows (mean {found['mean']:.4g}, median {found['median']:.4g})"
            for name, found in self.figures.items()
        )

    def to_json(self) -> dict[str, Any]:
        return {name: {**found, "rows": int(found["rows"])} for name, found in self.figures.items()}


def class_shares_table(shares: Mapping[str, Mapping[str, Any]]) -> Table:
    """The figures of `ClassShares.to_json` for the model card: a row for each class."""
    told = [(name, shares[name]) for name in ORDER if name in shares]
    values = list(told[0][1]["classes"]) if told else []
    rows: list[list[Cell]] = [["all", *(one["rows"] for _, one in told)]]
    for value in values:
        counts = [(one["classes"][value], one["rows"]) for _, one in told]
        rows.append([value, *(f"{count:,} ({count / max(of, 1):.1%})" for count, of in counts)])
    return Table(TITLE, ["class", *(name for name, _ in told)], rows, NOTE)


def number_shares_table(shares: Mapping[str, Mapping[str, Any]]) -> Table:
    """The figures of `NumberShares.to_json` for the model card."""
    columns = ["rows", "mean", "deviation", "low", "median", "high"]
    told = [(name, shares[name]) for name in ORDER if name in shares]
    rows: list[list[Cell]] = [[name, *(one[column] for column in columns)] for name, one in told]
    return Table(TITLE, ["split", *columns[:3], "first quartile", "median", "third quartile"], rows, NOTE)


def ask_of_shares(shares: Counted, chance: float, spec: FeatureParams) -> None:
    """Ask, unless the block has answered, where the splits differ by more than chance allows."""
    if chance >= UNLIKELY or spec.split.by == "stratified" or spec.split.uneven:
        return
    raise CasebookError(
        f"{spec.file}: split {spec.split.by!r} by {spec.split.column}: the splits have different outcomes: "
        f"{shares.told()}; by chance that comes {odds(chance)}. What is learned, calibrated and tested is not alike: "
        "set prepare.split.uneven: true if it is to be so, or another column, other shares, or by: stratified under "
        "prepare.split"
    )


def class_chance(shares: ClassShares, answers: np.ndarray, groups: np.ndarray | None) -> float:
    """The share of random deals of the classes that differ from even ones as much as these, by chi-squared.

    Where whole groups are dealt, the statistic is divided by the mean design effect (Rao and Scott 1981).
    """
    from scipy.stats import random_table  # only who has groups or times pays for loading it

    found = np.array(list(shares.counts.values()))
    found = found[:, found.sum(axis=0) > 0]
    even = found.sum(axis=1, keepdims=True) * found.sum(axis=0) / found.sum()

    def beyond(counts: np.ndarray) -> Any:
        return ((counts - even) ** 2 / even).sum(axis=(-2, -1))

    drawn = random_table(found.sum(axis=1), found.sum(axis=0)).rvs(DRAWN, random_state=0)
    effect = class_design_effect(answers, groups)
    return float((1 + (beyond(drawn) >= beyond(found) / effect - 1e-9).sum()) / (1 + DRAWN))


def class_design_effect(answers: np.ndarray, groups: np.ndarray | None) -> float:
    """The mean over the classes of what `design_effect` has for each against the rest, the common ones less."""
    classes = np.unique(answers)
    effects = [design_effect((answers == one).astype(np.float64), groups) for one in classes]
    return float(np.average(effects, weights=[1 - (answers == one).mean() for one in classes]))


def number_chance(splits: Mapping[str, np.ndarray], answers: np.ndarray, groups: np.ndarray | None) -> float:
    """The chance that random splits differ as much in the ranks of their values (Kruskal and Wallis).

    Where whole groups are dealt, the statistic is divided by their design effect.
    """
    ranks = pd.Series(answers).rank().to_numpy()
    spread = ranks.var(ddof=1)
    if spread == 0:
        return 1.0
    between = sum(len(rows) * (ranks[rows].mean() - ranks.mean()) ** 2 for rows in splits.values() if len(rows))
    effect = 1.0
    if groups is not None:
        apart = np.bincount(np.unique(groups, return_inverse=True)[1], weights=ranks - ranks.mean())
        effect = max(1.0, float((apart**2).sum() / (len(ranks) * ranks.var())))
    return math.exp(-float(between / spread) / effect / 2)  # chi-squared of two degrees of freedom


def _figures(values: np.ndarray) -> dict[str, float]:
    low, median, high = (float(value) for value in np.quantile(values, (0.25, 0.5, 0.75)))
    own = {"rows": float(len(values)), "mean": float(values.mean()), "deviation": float(values.std())}
    return {**own, "low": low, "median": median, "high": high}
