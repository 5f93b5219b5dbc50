"""Rows put into named groups: bands of a number by edges, or the values of a category."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from components.core.errors import CasebookError

MISSING = "missing"


def group_labels(column: pd.Series, edges: Sequence[float] | None = None) -> pd.Categorical:
    """The group of each row (N,), with the groups in order.

    With `edges`, rising, a number falls into "under e1", "e1 to e2", ..., "eK and over", each with
    its lower edge. Without, each value is a group. Missing values are the last group, "missing".

    Raises:
        CasebookError: the edges do not rise, or the column with edges is no number.
    """
    if edges is None:
        return _ordered(column.astype("string"), sorted(column.dropna().astype("string").unique()))
    if not edges or not np.all(np.diff(edges) > 0):
        raise CasebookError(f"edges of {column.name!r}: {list(edges)} must be numbers that rise")
    if not pd.api.types.is_numeric_dtype(column):
        raise CasebookError(f"column {column.name!r} is {column.dtype}, not a number: it has no bands by edges")
    shown = [f"{edge:.15g}" for edge in edges]
    names = [f"under {shown[0]}"]
    names += [f"{low} to {high}" for low, high in pairwise(shown)]
    names += [f"{shown[-1]} and over"]
    numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    band = np.searchsorted(edges, numbers, side="right")
    labels = pd.Series(np.array(names, dtype=object)[band], dtype="string").mask(np.isnan(numbers))
    return _ordered(labels, names)


def _ordered(labels: pd.Series, names: list[str]) -> pd.Categorical:
    if labels.isna().any():
        labels, names = labels.fillna(MISSING), [*(name for name in names if name != MISSING), MISSING]
    return pd.Categorical(labels, categories=names, ordered=True)
