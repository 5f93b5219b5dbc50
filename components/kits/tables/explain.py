"""Explanation of a row's score: what each feature changes, one at a time, against a typical row."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from components.core.errors import CasebookError


@dataclass(frozen=True)
class Change:
    """A feature, the row's value (None if missing), and by how much it raises the score over a typical value's."""

    feature: str
    value: Any
    change: float


def typical_values(rows: pd.DataFrame, features: Sequence[str]) -> dict[str, Any]:
    """What a typical row has: the median of a number or a date, the most frequent of others.

    Missing values are passed over, None stands where there is nothing else; of equally frequent
    values the first in order is taken. The values are JSON-able.
    """
    return {feature: _typical(rows[feature]) for feature in features}


def strongest_changes(
    score: Callable[[pd.DataFrame], np.ndarray],
    rows: pd.DataFrame,
    typical: Mapping[str, Any],
    *,
    top: int,
    strength: Callable[[np.ndarray], np.ndarray],
) -> list[tuple[Change, ...]]:
    """For each of `rows` (N) at most `top` features, strongest first by the `strength` of their changes, above 0 alone.

    A feature's change is what the score loses when its value alone becomes the typical one. For a score that is
    additive in the features it is exact; interactions are counted in each feature they involve. `score` maps such
    rows to (N,) and is called once, and once a feature of `typical`.

    Raises:
        CasebookError: a feature of `typical` is no column of `rows`.
    """
    if unknown := [feature for feature in typical if feature not in rows]:
        raise CasebookError(f"explanations: {len(unknown)} feature(s) are no column of the rows: {unknown[0]!r}")
    if rows.empty:
        return []
    whole = score(rows)
    features = list(typical)
    change = np.column_stack(
        [whole - score(rows.assign(**{name: _constant(rows[name], typical[name])})) for name in features]
    )
    strong = strength(change)
    strongest = np.argsort(-strong, axis=1, kind="stable")[:, :top]
    values = [rows[name].tolist() for name in features]  # a cell at a time out of pandas would take as long again
    return [
        tuple(
            Change(features[column], _plain(values[column][row]), float(change[row, column]))
            for column in columns
            if strong[row, column] > 0
        )
        for row, columns in enumerate(strongest)
    ]


def _constant(column: pd.Series, value: Any) -> pd.Series:
    """The value in every row, of its own type, not the column's: a median may lie between integers, and these rows
    may all lack a value, or their categories the typical one.
    """
    if value is None:
        return column.mask(np.ones(len(column), dtype=bool))
    if pd.api.types.is_datetime64_any_dtype(column):
        return pd.Series(pd.Timestamp(value), index=column.index, dtype=column.dtype)
    return pd.Series(value, index=column.index)


def _typical(column: pd.Series) -> Any:
    known = column.dropna()
    if known.empty:
        return None
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return float(known.median())
    if pd.api.types.is_datetime64_any_dtype(column):
        return str(known.sort_values().iloc[len(known) // 2])  # the later of two in the middle
    return _plain(known.mode().sort_values().iloc[0])


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    value = value.item() if isinstance(value, np.generic) else value
    return value if isinstance(value, str | int | float) else str(value)
