"""Fitting the maps of `calibrator` on validation rows, and choosing among them.

Platt, Probabilistic outputs for support vector machines (1999), on log-odds · Kull, Silva Filho and
Flach, Beta calibration (AISTATS 2017) · Zadrozny and Elkan, Transforming classifier scores (KDD 2002).
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression
from sklearn.model_selection import StratifiedKFold

from components.kits.tables.learning.comparing import beats
from components.recipes.binary.metrics.calibrator import Calibrator, beta_features, check_known
from components.recipes.binary.metrics.metrics import brier, log_loss
from components.recipes.binary.metrics.rows import checked_probabilities, log_odds, row_losses

log = logging.getLogger(__name__)

# A slope of 0 would give every row the same probability, one below 0 would reverse them; separated
# classes would send it to infinity.
SLOPE_BOUNDS = (0.01, 100.0)


@dataclass(frozen=True)
class Choice:
    """The calibrator fitted on all rows, and each method's out-of-fold log loss and Brier score."""

    calibrator: Calibrator
    log_loss: dict[str, float]
    brier: dict[str, float]


def fit_calibrator(method: str, target: np.ndarray, score: np.ndarray) -> Calibrator:
    """Fit one of `calibrator.METHODS` to a target (N,) of 0 and 1 and a probability (N,).

    Raises:
        CasebookError: the method is unknown, or the rows are not fit for it (see `rows`).
    """
    check_known(method)
    target, score = checked_probabilities(target, score)
    return Calibrator(method, FITTERS[method](target, score))


def choose_calibrator(
    methods: Sequence[str], target: np.ndarray, score: np.ndarray, *, folds: int, seed: int, surely: bool = False
) -> Choice:
    """Fit the method with the lowest out-of-fold log loss; of equals the first named. With `surely` it must be lower
    than that of the score as it is by more than the difference's standard error, else the score is left so.

    With fewer rows in a class than folds there are as many folds as those rows; with fewer than
    two, nothing can be held out and the score is left as it is (identity), with a warning.
    """
    target, score = checked_probabilities(target, score)
    rarest = int(min(target.sum(), len(target) - target.sum()))
    if rarest < 2:
        log.warning("calibration: %d row(s) of the rarer class are too few; the score is left as it is", rarest)
        return Choice(fit_calibrator("identity", target, score), {}, {})
    splitter = StratifiedKFold(min(folds, rarest), shuffle=True, random_state=seed)
    parts = list(splitter.split(score, target))
    losses, briers, mapped = {}, {}, {}
    for method in methods:
        held_out = np.empty_like(score)
        for fitting, rest in parts:
            held_out[rest] = fit_calibrator(method, target[fitting], score[fitting]).apply(score[rest])
        mapped[method] = held_out
        losses[method], briers[method] = log_loss(target, held_out), brier(target, held_out)
    best = min(methods, key=losses.__getitem__)
    if surely and not beats(row_losses(target, mapped[best]), row_losses(target, score)):
        best = "identity"
    return Choice(fit_calibrator(best, target, score), losses, briers)


def _fit_identity(target: np.ndarray, score: np.ndarray) -> dict[str, Any]:  # noqa: ARG001 - one signature
    return {}


def _fit_platt(target: np.ndarray, score: np.ndarray) -> dict[str, Any]:
    intercept, slope = _logistic(target, log_odds(score)[:, None])
    return {"intercept": intercept, "slope": slope}


def _fit_beta(target: np.ndarray, score: np.ndarray) -> dict[str, Any]:
    intercept, low, high = _logistic(target, beta_features(score))
    return {"intercept": intercept, "low": low, "high": high}


def _fit_isotonic(target: np.ndarray, score: np.ndarray) -> dict[str, Any]:
    # No number of rows shows that an event never happens: Laplace's bounds for as many rows without it.
    least = 1 / (len(target) + 2)
    fitted = IsotonicRegression(y_min=least, y_max=1 - least, out_of_bounds="clip").fit(score, target)
    return {"score": fitted.X_thresholds_.tolist(), "probability": fitted.y_thresholds_.tolist()}


def _logistic(target: np.ndarray, features: np.ndarray) -> list[float]:
    """Intercept and slopes of the most likely logistic regression with slopes within `SLOPE_BOUNDS`."""
    rows = len(target)
    design = np.column_stack([np.ones(rows), features])

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        line = design @ weights
        value = np.mean(np.logaddexp(0, line) - target * line)
        return float(value), design.T @ (expit(line) - target) / rows

    start = np.array([0.0, *([1.0] * features.shape[1])])
    bounds = [(-100.0, 100.0), *([SLOPE_BOUNDS] * features.shape[1])]
    options = {"maxiter": 1000, "ftol": 1e-14, "gtol": 1e-9}
    return minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x.tolist()


FITTERS: dict[str, Callable[[np.ndarray, np.ndarray], dict[str, Any]]] = {
    "identity": _fit_identity,
    "platt": _fit_platt,
    "beta": _fit_beta,
    "isotonic": _fit_isotonic,
}
