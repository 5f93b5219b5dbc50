"""Reason codes: what would have lowered the score of a declined applicant most, one feature at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.recipes.binary.metrics.rows import log_odds


@dataclass(frozen=True)
class Reason:
    """A feature, the applicant's value (None if missing), and what it adds to the log-odds of going bad."""

    feature: str
    value: Any
    contribution: float


def reference_values(approved: pd.DataFrame, features: Sequence[str]) -> dict[str, Any]:
    """What a typical approved applicant has: the median of a number or a date, the most frequent of others.

    Missing values are passed over, None stands where there is nothing else; of equally frequent
    values the first in order is taken. The values are JSON-able.
    """
    return {feature: _typical(approved[feature]) for feature in features}


def reason_codes(
    predict: Callable[[pd.DataFrame], np.ndarray],
    rows: pd.DataFrame,
    reference: Mapping[str, Any],
    *,
    top: int,
) -> list[tuple[Reason, ...]]:
    """For each of `rows` (N), the features that raised its score most, at most `top`, strongest first.

    A feature's contribution is the drop in log-odds when its value alone is replaced by the
    reference's, in the manner of the commentary to US Regulation B (12 CFR 1002, Supplement I,
    9(b)(2)-5): how far each factor falls short of what applicants who pass have. For a model that
    is additive in log-odds it is exact; interactions are counted in each feature they involve.
    Only features that raise the score are given, so a row can have fewer than `top`.

    `predict` maps such rows to probabilities (N,) and is called once, and once a feature of `reference`.

    Raises:
        CasebookError: a feature of `reference` is no column of `rows`.
    """
    if unknown := [feature for feature in reference if feature not in rows]:
        raise CasebookError(f"reason codes: {len(unknown)} reference feature(s) are no column: {unknown[0]!r}")
    if rows.empty:
        return []
    odds = log_odds(predict(rows))
    features = list(reference)
    contributions = np.column_stack(
        [odds - log_odds(predict(_replaced(rows, feature, reference[feature]))) for feature in features]
    )
    strongest = np.argsort(-contributions, axis=1, kind="stable")[:, :top]
    values = [rows[feature].tolist() for feature in features]  # a cell at a time out of pandas would take as long again
    return [
        tuple(
            Reason(features[column], _plain(values[column][row]), float(contributions[row, column]))
            for column in columns
            if contributions[row, column] > 0
        )
        for row, columns in enumerate(strongest)
    ]


def _replaced(rows: pd.DataFrame, feature: str, value: Any) -> pd.DataFrame:
    column = rows[feature]
    if value is not None and pd.api.types.is_datetime64_any_dtype(column):
        return rows.assign(**{feature: pd.Series(pd.Timestamp(value), index=rows.index, dtype=column.dtype)})
    # The reference's own type, not the column's: a median may lie between integers, and these rows may
    # all lack a value, or their categories the reference's.
    constant = column.mask(np.ones(len(rows), dtype=bool)) if value is None else pd.Series(value, index=rows.index)
    return rows.assign(**{feature: constant})


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
