"""The same metrics for parts of the users: by history length, by popularity of the item asked for, by who they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from components.contracts import Interval, Metric
from components.errors import CasebookError
from components.evaluation.bootstrap import Resampling, intervals

POPULARITY = ("tail", "middle", "head")


@dataclass(frozen=True)
class Slice:
    """One group of users. With fewer than the stated minimum it is not `sufficient`, and has no metrics."""

    name: str
    users: int
    sufficient: bool
    metrics: dict[str, Interval]


def slices(
    metrics: Mapping[str, Metric],
    target: np.ndarray,
    rank: np.ndarray,
    groups: pd.Categorical,
    *,
    minimum: int,
    resampling: Resampling,
) -> list[Slice]:
    """Metrics of each group (N,) that has users, in the groups' order, with bootstrap intervals over its users."""
    if len(groups) != len(target):
        raise CasebookError(f"slices: groups of {len(groups)} users, ranks of {len(target)}: give the same users")
    found = []
    for code, name in enumerate(groups.categories):
        inside = groups.codes == code
        users = int(inside.sum())
        if users == 0:
            continue
        sufficient = users >= minimum
        values = intervals(metrics, target[inside], rank[inside], resampling=resampling) if sufficient else {}
        found.append(Slice(str(name), users, sufficient, values))
    return found


def length_groups(lengths: np.ndarray, edges: Sequence[int]) -> pd.Categorical:
    """The band (N,) of each history's number of events; a band holds its lower edge: "20 to 49".

    Raises:
        CasebookError: the edges are not whole numbers that rise from 1.
    """
    if not edges or edges[0] < 1 or (np.diff(edges) < 1).any():
        raise CasebookError(f"history length: edges {list(edges)} must be whole numbers that rise, from 1")
    names = [f"under {edges[0]:,}"]
    names += [f"{low:,} to {high - 1:,}" if high - 1 > low else f"{low:,}" for low, high in pairwise(edges)]
    names += [f"{edges[-1]:,} and more"]
    return _named(np.searchsorted(edges, lengths, side="right"), names)


def popularity_groups(counts: np.ndarray, target: np.ndarray, quantiles: tuple[float, float]) -> pd.Categorical:
    """Head, middle or tail (N,) of the catalogue for each target, by its training count.

    `counts` (M,) of the whole catalogue. The tail are items that occur less often than the first
    quantile of `counts`, the head those that occur as often as the second or more: items of equal
    count stay together. The names say which counts they are.

    Raises:
        CasebookError: the quantiles do not rise within (0, 1).
    """
    low, high = quantiles
    if not 0 < low < high < 1:
        raise CasebookError(f"popularity: quantiles {low} and {high} must rise within 0 and 1")
    edges = np.quantile(counts, [low, high], method="higher")
    said = (f"under {edges[0]:,}", f"{edges[0]:,} to {max(edges[0], edges[1] - 1):,}", f"{edges[1]:,} and more")
    names = [f"{name}: {events}" for name, events in zip(POPULARITY, said, strict=True)]
    return _named(np.searchsorted(edges, counts[target], side="right"), names)


def feature_groups(codes: np.ndarray, names: Sequence[str]) -> pd.Categorical:
    """The value (N,) of a user feature; `names[code]` is shown for a code, and code 0 stands for unknown."""
    if len(codes) and not 0 <= np.min(codes) <= np.max(codes) < len(names):
        raise CasebookError(f"user feature: codes from {np.min(codes)} to {np.max(codes)}, names for {len(names)}")
    # Unknown is the last group shown, as everywhere.
    return pd.Categorical(np.array(names, dtype=object)[codes], categories=[*names[1:], names[0]], ordered=True)


def _named(codes: np.ndarray, names: list[str]) -> pd.Categorical:
    return pd.Categorical(np.array(names, dtype=object)[codes], categories=names, ordered=True)
