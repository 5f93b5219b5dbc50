"""The same metrics for parts of the rows: where a model is good, and where it is not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.core.parts import Metric
from components.core.results import Cell, Interval, Table
from components.evaluation.bootstrap import Counted, Resampling, intervals
from components.evaluation.tables import shown


@dataclass(frozen=True)
class Slice:
    """A group: `counts` says how many of what are in it.

    With fewer than the stated minimum it is not `sufficient`, and has no metrics.
    """

    name: str
    counts: Mapping[str, int]
    sufficient: bool
    metrics: Mapping[str, Interval]


Slices: TypeAlias = Mapping[str, Sequence[Slice]]  # by what the rows were grouped


def slices(
    metrics: Mapping[str, Metric],
    target: np.ndarray,
    score: np.ndarray,
    groups: pd.Categorical,
    *,
    counted: str,
    minimum: int,
    resampling: Resampling,
    sizes: Mapping[str, np.ndarray] | None = None,
) -> list[Slice]:
    """Metrics of each group (N,) that has rows, in the groups' order, with bootstrap intervals over its rows.

    `counted` is what the rows are called; of `sizes` (N,) a group's sum is told, too.
    """
    if len(groups) != len(target):
        raise CasebookError(f"slices: groups of {len(groups)} {counted}, answers of {len(target)}: give the same")
    found = []
    for name, inside in members(groups):
        rows = int(inside.sum())
        sums = {what: int(size[inside].sum()) for what, size in (sizes or {}).items()}
        sufficient = rows >= minimum
        values = intervals(metrics, target[inside], score[inside], resampling=resampling) if sufficient else {}
        found.append(Slice(name, {counted: rows, **sums}, sufficient, values))
    return found


def share_slices(
    metric: str,
    right: np.ndarray,
    unit: np.ndarray,
    groups: pd.Categorical,
    *,
    counted: tuple[str, str],
    minimum: int,
    fewest_units: int,
    resampling: Resampling,
) -> list[Slice]:
    """The share of parts (P,) that are `right`, in each group (P,) that has some; `minimum` counts parts.

    Parts of one `unit` (P,), such as an image or a clause, are not independent: units are resampled, those that have a
    part in the group. `counted` is what units and parts are called.
    """
    if len(groups) != len(right):
        raise CasebookError(f"slices: groups of {len(groups)} {counted[1]}, answers of {len(right)}: give the same")
    found = []
    for name, inside in members(groups):
        units, place = np.unique(unit[inside], return_inverse=True)
        parts = np.bincount(place).astype(np.float64)
        hits = np.bincount(place, weights=right[inside])
        counts = {counted[0]: len(units), counted[1]: int(inside.sum())}
        sufficient = counts[counted[1]] >= minimum and len(units) >= fewest_units
        values = intervals({metric: SHARE}, parts, hits, resampling=resampling) if sufficient else {}
        found.append(Slice(name, counts, sufficient, values))
    return found


def members(groups: pd.Categorical) -> Iterator[tuple[str, np.ndarray]]:
    """Name and rows (N,) of each group that has rows, in the groups' order."""
    for code, name in enumerate(groups.categories):
        inside = np.asarray(groups.codes == code)
        if inside.any():
            yield str(name), inside


def bands(what: str, values: np.ndarray, edges: Sequence[int]) -> pd.Categorical:
    """The band (N,) of each whole number; a band holds its lower edge: "20 to 49".

    Raises:
        CasebookError: the edges are not whole numbers that rise from 1.
    """
    if not edges or edges[0] < 1 or (np.diff(edges) < 1).any():
        raise CasebookError(f"{what}: edges {list(edges)} must be whole numbers that rise, from 1")
    names = ["0"] if edges[0] == 1 else [f"under {edges[0]:,}"]
    names += [f"{low:,} to {high - 1:,}" if high - 1 > low else f"{low:,}" for low, high in pairwise(edges)]
    return named(np.searchsorted(edges, values, side="right"), [*names, f"{edges[-1]:,} and more"])


def named(codes: np.ndarray, names: Sequence[str]) -> pd.Categorical:
    """Groups (N,) of the names in their order."""
    return pd.Categorical(np.array(names, dtype=object)[codes], categories=list(names), ordered=True)


def as_json(found: Slices) -> dict[str, list[dict[str, Any]]]:
    return {
        by: [
            {
                "name": one.name,
                **one.counts,
                "sufficient": one.sufficient,
                "metrics": {name: asdict(value) for name, value in one.metrics.items()},
            }
            for one in part
        ]
        for by, part in found.items()
    }


def slice_table(found: Slices, metric: str, counts: Sequence[str], note: str) -> Table:
    """One metric of all slices, beside those of their `counts`."""
    rows: list[list[Cell]] = [
        [by, one.name, *(one.counts[what] for what in counts), shown(one.metrics.get(metric), "too few")]
        for by, part in found.items()
        for one in part
    ]
    return Table("Slices", ["by", "group", *counts, metric], rows, note)


def _share(parts: np.ndarray, right: np.ndarray, /) -> float:
    return float(right.sum() / parts.sum())


def _share_over_counts(parts: np.ndarray, right: np.ndarray, counts: np.ndarray) -> np.ndarray:
    shares: np.ndarray = (counts @ right) / (counts @ parts)
    return shares


SHARE = Counted(_share, _share_over_counts)
