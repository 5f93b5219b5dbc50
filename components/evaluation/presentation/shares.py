"""A share of rows with its bounds."""

from scipy.stats import binomtest

from components.core.results import Interval


def wilson(successes: int, rows: int, confidence: float) -> Interval | None:
    """A share with Wilson's score interval (1927); None of no rows."""
    if rows == 0:
        return None
    found = binomtest(successes, rows).proportion_ci(confidence, method="wilson")
    return Interval(successes / rows, float(found.low), float(found.high))
