"""One curve from several, and its recalibration: both found on rows that no member has learned from.

Curves are cumulative hazards `(N, T)` at the grid's `times` (T,).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from scipy.optimize import minimize

from components.kits.survival.metrics.curves import log_likelihood
from components.kits.survival.metrics.rows import SMALLEST_HAZARD
from components.kits.tables.simplex import simplex_weights

SLOPE_BOUNDS = (0.1, 10.0)


def pooled(curves: Sequence[np.ndarray], weights: np.ndarray) -> np.ndarray:
    """The weighted geometric mean of cumulative hazards: a mean on the scale of log(-log survival).

    It rises with time as its members do.
    """
    logs = np.stack([np.log(np.maximum(curve, SMALLEST_HAZARD)) for curve in curves])
    found: np.ndarray = np.exp(np.tensordot(weights, logs, axes=1))
    return found


def pooling_weights(
    target: np.ndarray, times: np.ndarray, curves: Sequence[np.ndarray], *, shrinkage: float, least: float = 0.0
) -> np.ndarray:
    """Weights, none negative and summing to 1, of the likeliest pool; `shrinkage` pulls them towards equal ones.

    It is that of `simplex_weights`, in units of the log-likelihood per row. Whose weight is under the `least` has none.
    """

    def loss(weights: np.ndarray) -> float:
        return -float(log_likelihood(target, times, pooled(curves, weights)).mean())

    found = simplex_weights(loss, len(curves), shrinkage=shrinkage)
    kept = np.where(found < least, 0.0, found)
    return kept / kept.sum() if least else found


@dataclass(frozen=True)
class Recalibration:
    """log H becomes intercept + slope * log H: the order of patients stays, curves still rise."""

    intercept: float
    slope: float

    def apply(self, cumulative: np.ndarray) -> np.ndarray:
        """Curves to curves of the same shape."""
        found: np.ndarray = np.exp(self.intercept) * cumulative**self.slope
        return found

    def to_json(self) -> dict[str, float]:
        return asdict(self)


def fit_recalibration(target: np.ndarray, times: np.ndarray, cumulative: np.ndarray) -> Recalibration:
    """The likeliest intercept and slope (after van Houwelingen, Validation, calibration, revision and combination of
    prognostic survival models, Statistics in Medicine, 2000).
    """

    def loss(values: np.ndarray) -> float:
        return -float(log_likelihood(target, times, Recalibration(*values).apply(cumulative)).mean())

    found = minimize(loss, np.array([0.0, 1.0]), method="L-BFGS-B", bounds=[(-10.0, 10.0), SLOPE_BOUNDS])
    return Recalibration(float(found.x[0]), float(found.x[1]))
