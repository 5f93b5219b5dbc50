"""What a typical row has, against which rows are explained."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd


def typical_values(rows: pd.DataFrame, features: Sequence[str]) -> dict[str, Any]:
    """The median of a number or a date, the most frequent of others.

    Missing values are passed over, None stands where there is nothing else; of equally frequent
    values the first in order is taken. The values are JSON-able.
    """
    return {feature: _typical(rows[feature]) for feature in features}


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
    value = value.item() if isinstance(value, np.generic) else value
    return value if isinstance(value, str | int | float) else str(value)
