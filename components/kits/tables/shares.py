"""How many rows and positives each split of a table has, and whether chance alone makes them so different."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.core.errors import CasebookError
from components.core.job import TEST, TRAIN, VALIDATION
from components.core.results import Cell, Table
from components.kits.tables.encoding.spec import FeatureParams

ORDER = (TRAIN, VALIDATION, TEST)
UNLIKELY = 0.001  # a chance below which the difference of the splits is a question
DRAWN = 20_000  # deals of the positives to the splits, by chance


@dataclass(frozen=True)
class Shares:
    """`rows` and `positives` by split; `chance` is the probability that chance alone makes them differ as much."""

    rows: Mapping[str, int]
    positives: Mapping[str, int]
    chance: float

    def told(self) -> str:
        """`train 640 rows, 160 positive (25.0%); test ...`."""
        return "; ".join(
            f"{name} {count:,} rows, {self.positives[name]:,} positive ({self.positives[name] / max(count, 1):.1%})"
            for name, count in self.rows.items()
        )

    def to_json(self) -> dict[str, Any]:
        return {
            name: {"rows": count, "positives": self.positives[name], "share": self.positives[name] / max(count, 1)}
            for name, count in self.rows.items()
        }


def count_shares(splits: Mapping[str, np.ndarray], target: np.ndarray, groups: np.ndarray | None = None) -> Shares:
    """Of the positions of each split's rows; `target` (N,) of 0 and 1, `groups` (N,) say which rows stay together."""
    rows = {name: len(index) for name, index in splits.items()}
    positives = {name: int(target[index].sum()) for name, index in splits.items()}
    return Shares(rows, positives, _chance(rows, positives, design_effect(target, groups)))


def design_effect(target: np.ndarray, groups: np.ndarray | None) -> float:
    """How many times as much a share of positives varies when whole groups are drawn in place of rows; 1 at least.

    Rows of one person are alike, so few persons make the shares of two splits differ where as many rows of different
    ones would not.
    """
    if groups is None:
        return 1.0
    codes = np.unique(groups, return_inverse=True)[1]
    share = target.mean()
    if share in (0, 1):  # a cohort without censoring has the event in every row
        return 1.0
    beyond = np.bincount(codes, weights=target - share)
    return max(1.0, float((beyond**2).sum() / (len(target) * share * (1 - share))))


def check_shares(shares: Shares, spec: FeatureParams) -> None:
    """Ask, unless the block has answered, where the splits differ by more than chance allows."""
    if shares.chance >= UNLIKELY or spec.split.by == "stratified" or spec.split.uneven:
        return
    raise CasebookError(
        f"{spec.file}: split {spec.split.by!r} by {spec.split.column}: the splits have different shares of "
        f"{spec.outcome_labels[0]!r} (positive): {shares.told()}; by chance that comes {odds(shares.chance)}. What is "
        "learned, calibrated and tested is not alike: set prepare.split.uneven: true if it is to be so, "
        "or another column, other shares, or by: stratified under prepare.split"
    )


def shares_table(shares: Mapping[str, Mapping[str, Any]], positive: str) -> Table:
    """The figures of `Shares.to_json` for the model card."""
    told = [(name, shares[name]) for name in ORDER if name in shares]
    rows: list[list[Cell]] = [[name, one["rows"], one["positives"], f"{one['share']:.1%}"] for name, one in told]
    note = "Splits that differ by more than chance allows are asked about: `prepare.split.uneven` says that they may."
    return Table("Rows of the splits", ["split", "rows", positive, "share"], rows, note)


def _chance(rows: Mapping[str, int], positives: Mapping[str, int], effect: float) -> float:
    """The share of random deals of the positives that differ from even ones as much as these, by chi-squared."""
    sizes, found = np.array(list(rows.values())), np.array(list(positives.values()))
    if not 0 < found.sum() < sizes.sum():
        return 1.0
    drawn = np.random.default_rng(0).multivariate_hypergeometric(sizes, found.sum(), DRAWN, method="marginals")
    even = sizes * (found.sum() / sizes.sum())
    kept = even > 0

    def beyond(counts: np.ndarray) -> Any:
        return ((counts[..., kept] - even[kept]) ** 2 / even[kept]).sum(axis=-1)

    return float((1 + (beyond(drawn) >= beyond(found) / effect - 1e-9).sum()) / (1 + DRAWN))


def odds(chance: float) -> str:
    return f"once in {round(1 / chance):,} deals" if chance * DRAWN > 2 else f"less than once in {DRAWN // 2:,} deals"
