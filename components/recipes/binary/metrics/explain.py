"""Reason codes: what would have lowered the score of a declined applicant most, one feature at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from components.kits.tables.explain import strongest_changes
from components.recipes.binary.metrics.rows import log_odds


@dataclass(frozen=True)
class Reason:
    """A feature, the applicant's value (None if missing), and what it adds to the log-odds of going bad."""

    feature: str
    value: Any
    contribution: float


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
    9(b)(2)-5): how far each factor falls short of what applicants who pass have. Only features
    that raise the score are given, so a row can have fewer than `top`. `predict` maps such rows
    to probabilities (N,); see `strongest_changes`.
    """
    found = strongest_changes(
        lambda rows: log_odds(predict(rows)), rows, reference, top=top, strength=lambda change: change
    )
    return [tuple(Reason(one.feature, one.value, one.change) for one in row) for row in found]
