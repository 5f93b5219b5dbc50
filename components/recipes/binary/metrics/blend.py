"""One probability from several: weights on the simplex, found on validation."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit, softmax

# Probabilities of exactly 0 or 1 would have no logit.
EDGE = 1e-6


def mix(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weighted mean of log-odds as a probability: `(N, M), (M,) -> (N,)`.

    A logarithmic opinion pool (Genest & Zidek, 1986, doi:10.1214/ss/1177013825): unlike the mean of
    probabilities it stays as sharp as its members where they agree.
    """
    mixed: np.ndarray = expit(logit(np.clip(scores, EDGE, 1 - EDGE)) @ weights)
    return mixed


def mixing_weights(target: np.ndarray, scores: np.ndarray, *, shrinkage: float) -> np.ndarray:
    """Weights, none negative and summing to 1, that minimise log loss plus a pull towards equal ones.

    `target (N,)` of 0 and 1, `scores (N, M)`; `shrinkage` is the penalty on the squared distance
    from `1 / M` for each weight, in units of log loss per row: validation sets are small, and
    weights fitted without it chase their noise.
    """
    logits = logit(np.clip(scores, EDGE, 1 - EDGE))
    members = scores.shape[1]

    def loss(free: np.ndarray) -> float:
        weights = softmax(free)
        mixed = logits @ weights
        return float(
            np.mean(np.logaddexp(0, mixed) - target * mixed) + shrinkage * np.sum((weights - 1 / members) ** 2)
        )

    found = minimize(loss, np.zeros(members), method="L-BFGS-B")
    weights: np.ndarray = softmax(found.x)
    return weights
