"""Units of a cohort's times: what its horizons are counted in, and how many of each a year has."""

from typing import Literal

Unit = Literal["years", "months", "weeks", "days", "hours", "minutes", "seconds"]

DAYS_A_YEAR = 365.25
PER_YEAR: dict[str, float] = {
    "years": 1.0,
    "months": 12.0,
    "weeks": DAYS_A_YEAR / 7,
    "days": DAYS_A_YEAR,
    "hours": DAYS_A_YEAR * 24,
    "minutes": DAYS_A_YEAR * 24 * 60,
    "seconds": DAYS_A_YEAR * 24 * 3600,
}
# Of the names of metrics and of answers: `auc@3y`, `survival_30d`.
SHORT: dict[str, str] = {
    "years": "y",
    "months": "mo",
    "weeks": "w",
    "days": "d",
    "hours": "h",
    "minutes": "min",
    "seconds": "s",
}
