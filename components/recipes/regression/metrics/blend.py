"""One value from several: weights on the simplex, found on rows that no member has learned from."""

import numpy as np

from components.kits.tables.simplex import simplex_weights
from components.recipes.regression.metrics.losses import row_losses
from components.recipes.regression.params import Kind


def mix(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weighted mean of values (stacked regressions, Breiman 1996): `(N, M), (M,) -> (N,)`."""
    mixed: np.ndarray = values @ weights
    return mixed


def mixing_weights(kind: Kind, target: np.ndarray, values: np.ndarray, *, shrinkage: float) -> np.ndarray:
    """Weights, none negative and summing to 1, that minimise the error of the mix and a pull towards equal ones.

    `target (N,)`, `values (N, M)`; the error is in units of that of the best value, so that `shrinkage` (see
    `simplex_weights`) means the same for each target, and for one that is easily told.
    """
    least = float(row_losses(kind, target[:, None], values).mean(axis=0).min()) or 1.0

    def loss(weights: np.ndarray) -> float:
        return float(row_losses(kind, target, values @ weights).mean()) / least

    return simplex_weights(loss, values.shape[1], shrinkage=shrinkage)
