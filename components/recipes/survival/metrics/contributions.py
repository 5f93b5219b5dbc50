"""What sets a patient's risk apart from a typical patient's, one feature at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.recipes.survival.metrics.rows import SMALLEST_HAZARD


@dataclass(frozen=True)
class Contribution:
    """A feature, the patient's value (None if missing), and the factor by which it changes the cumulative hazard."""

    feature: str
    value: Any
    factor: float


def typical_values(rows: pd.DataFrame, features: Sequence[str]) -> dict[str, Any]:
    """What a typical patient has: the median of a number or a date, the most frequent of others, None if unknown.

    The values are JSON-able; of equally frequent ones the first in order is taken.
    """
    return {feature: _typical(rows[feature]) for feature in features}


def contributions(
    predict: Callable[[pd.DataFrame], np.ndarray], rows: pd.DataFrame, typical: Mapping[str, Any], *, top: int
) -> list[tuple[Contribution, ...]]:
    """For each of `rows` (N), the `top` features that change the cumulative hazard most, strongest first.

    A feature's factor is the hazard over what it would be if that value alone were the typical one.
    For a model that is additive in the log of the hazard this is exact, and the factors multiply to
    the patient's hazard over the typical patient's; interactions are counted in each feature they
    involve. Features that change nothing are left out.

    `predict` maps such rows to cumulative hazards (N,) and is called once, and once a feature.

    Raises:
        CasebookError: a feature of `typical` is no column of `rows`.
    """
    if unknown := [feature for feature in typical if feature not in rows]:
        raise CasebookError(f"contributions: {len(unknown)} feature(s) are no column: {unknown[0]!r}")
    if rows.empty:
        return []
    whole = _log(predict(rows))
    features = list(typical)
    change = np.column_stack(
        [whole - _log(predict(rows.assign(**{name: _constant(rows[name], typical[name])}))) for name in features]
    )
    strongest = np.argsort(-np.abs(change), axis=1, kind="stable")[:, :top]
    values = [rows[name].tolist() for name in features]
    return [
        tuple(
            Contribution(features[column], _plain(values[column][row]), float(np.exp(change[row, column])))
            for column in columns
            if change[row, column] != 0
        )
        for row, columns in enumerate(strongest)
    ]


def _log(cumulative: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(cumulative, SMALLEST_HAZARD))


def _constant(column: pd.Series, value: Any) -> pd.Series:
    """The value in every row, as this column holds it; a number's own type may not hold a median."""
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
