"""Reason codes: what would have lowered the score of a declined applicant most, one feature at a time."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from components.kits.tables.encoding.encode import Encoded
from components.kits.tables.encoding.replace import Replacements
from components.kits.tables.explain import Scored, strongest_changes
from components.recipes.binary.metrics.rows import log_odds


@dataclass(frozen=True)
class Reason:
    """A feature, the applicant's value (None if missing), and what it adds to the log-odds of going bad."""

    feature: str
    value: Any
    contribution: float


def reason_codes(
    predict: Callable[[Encoded], np.ndarray], rows: Scored, reference: Replacements, *, top: int
) -> list[tuple[Reason, ...]]:
    """For each of `rows` (N), the features that raised its score most, at most `top`, strongest first.

    A feature's contribution is the drop in log-odds when its value alone is replaced by the
    reference's, in the manner of the commentary to US Regulation B (12 CFR 1002, Supplement I,
    9(b)(2)-5): how far each factor falls short of what applicants who pass have. Only features
    that raise the score are given, so a row can have fewer than `top`. `predict` maps encoded
    rows to probabilities (N,), as `rows.score` are; see `strongest_changes`.
    """
    found = strongest_changes(
        lambda encoded: log_odds(predict(encoded)),
        replace(rows, score=log_odds(rows.score)),
        reference,
        top=top,
        strength=lambda change: change,
    )
    return [tuple(Reason(one.feature, one.value, one.change) for one in row) for row in found]
