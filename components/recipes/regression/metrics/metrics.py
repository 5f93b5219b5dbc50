"""Metrics of an answer to a number: a value (N,), or (N, 3) with the low and the high end of its interval.

Every metric takes a target (N,) and an answer, returns a float, NaN where the rows do not define it, and answers over
counts for the bootstrap. Errors and widths are in the target's units.
"""

from collections.abc import Callable

import numpy as np

from components.core.parts import Metric
from components.evaluation.bootstrap import Counted, mean_over_units
from components.recipes.regression.metrics.rows import checked, ends, values

LOWER_IS_BETTER = frozenset({"rmse", "mae", "pinball", "width"})

Each = Callable[[np.ndarray, np.ndarray], np.ndarray]  # a figure (N,) of each row


def regression_metrics(*, coverage: float) -> dict[str, Metric]:
    """Every metric by its name; intervals state that they hold the share `coverage` of the rows, and `coverage` itself
    has no better direction.
    """
    return {
        "rmse": rmse,
        "mae": mae,
        "r2": r2,
        "pinball": pinball_of(coverage),
        "coverage": covered,
        "width": width,
    }


def squared_errors(target: np.ndarray, answer: np.ndarray) -> np.ndarray:
    """(N,)."""
    target, answer = checked(target, answer)
    return np.asarray((values(answer) - target) ** 2)


def pinball_losses(target: np.ndarray, asked: np.ndarray, share: float) -> np.ndarray:
    """Of N quantiles, below which the `share` of the rows is said to lie (Koenker and Bassett, 1978): (N,)."""
    over = target - asked
    return np.asarray(np.maximum(share * over, (share - 1) * over))


@mean_over_units
def mae(target: np.ndarray, answer: np.ndarray, /) -> np.ndarray:
    """Mean absolute error."""
    target, answer = checked(target, answer)
    return np.asarray(np.abs(values(answer) - target))


@mean_over_units
def covered(target: np.ndarray, answer: np.ndarray, /) -> np.ndarray:
    """The share of rows whose target is within the interval, its ends included."""
    target, answer = checked(target, answer)
    low, high = ends(answer)
    return np.asarray((low <= target) & (target <= high)).astype(np.float64)


@mean_over_units
def width(target: np.ndarray, answer: np.ndarray, /) -> np.ndarray:
    """The mean width of the intervals."""
    low, high = ends(checked(target, answer)[1])
    return np.asarray(high - low)


def pinball_of(coverage: float) -> Counted:
    """The mean pinball loss of both ends of intervals that state this coverage.

    It is the interval score of Gneiting and Raftery (2007) times (1 - coverage) / 4: narrow is good, and a target
    outside costs its distance.
    """
    tail = (1 - coverage) / 2

    def pinball(target: np.ndarray, answer: np.ndarray, /) -> np.ndarray:
        target, answer = checked(target, answer)
        low, high = ends(answer)
        return (pinball_losses(target, low, tail) + pinball_losses(target, high, 1 - tail)) / 2

    return mean_over_units(pinball)


def _rmse(target: np.ndarray, answer: np.ndarray, /) -> float:
    """Root of the mean squared error."""
    return float(np.sqrt(squared_errors(target, answer).mean()))


def _rmse_over_counts(target: np.ndarray, answer: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt(counts @ squared_errors(target, answer) / counts.sum(axis=1)))


def _r2(target: np.ndarray, answer: np.ndarray, /) -> float:
    """Coefficient of determination, 1 - squared error over that of the rows' own mean; NaN where all are alike."""
    return float(_r2_over_counts(target, answer, np.ones((1, len(target))))[0])


def _r2_over_counts(target: np.ndarray, answer: np.ndarray, counts: np.ndarray) -> np.ndarray:
    target, answer = checked(target, answer)
    middle = target - target.mean()  # large numbers that differ by little keep their digits
    rows = counts.sum(axis=1)
    spread = counts @ middle**2 - (counts @ middle) ** 2 / rows
    lost = counts @ squared_errors(target, answer)
    some = spread > 1e-12 * rows * max(1e-300, float((middle**2).mean()))
    return np.where(some, 1 - lost / np.where(some, spread, 1.0), np.nan)


rmse, r2 = Counted(_rmse, _rmse_over_counts), Counted(_r2, _r2_over_counts)
rmse.__name__, r2.__name__ = "rmse", "r2"
