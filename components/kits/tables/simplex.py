"""Weights of several models in one: none negative, and 1 in all."""

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax


def simplex_weights(loss: Callable[[np.ndarray], float], members: int, *, shrinkage: float) -> np.ndarray:
    """Weights (M,) that minimise `loss` of them, a mean over rows, plus a pull towards equal ones.

    `shrinkage` is the penalty on the squared distance from `1 / M` for each weight, in units of the loss: the rows
    that weights are found on are few, and weights fitted without it chase their noise.
    """

    def penalised(free: np.ndarray) -> float:
        weights = softmax(free)
        return float(loss(weights) + shrinkage * np.sum((weights - 1 / members) ** 2))

    weights: np.ndarray = softmax(minimize(penalised, np.zeros(members), method="L-BFGS-B").x)
    return weights
