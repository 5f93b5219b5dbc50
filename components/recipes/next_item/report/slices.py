"""Users in groups: by popularity of the item asked for, by who they are."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.evaluation.slices import named

POPULARITY = ("tail", "middle", "head")


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
    return named(np.searchsorted(edges, counts[target], side="right"), names)


def feature_groups(codes: np.ndarray, names: Sequence[str]) -> pd.Categorical:
    """The value (N,) of a user feature; `names[code]` is shown for a code, and code 0 stands for unknown."""
    if len(codes) and not 0 <= np.min(codes) <= np.max(codes) < len(names):
        raise CasebookError(f"user feature: codes from {np.min(codes)} to {np.max(codes)}, names for {len(names)}")
    # Unknown is the last group shown, as everywhere.
    return pd.Categorical(np.array(names, dtype=object)[codes], categories=[*names[1:], names[0]], ordered=True)
