"""Probabilities of several classes from those of several models: weights on the simplex."""

import numpy as np
from scipy.special import logsumexp, softmax

from components.kits.tables.simplex import simplex_weights

EDGE = 1e-6  # a probability of exactly 0 would have no log


def logs(score: np.ndarray) -> np.ndarray:
    """Log p of probabilities, kept `EDGE` away from 0."""
    found: np.ndarray = np.log(np.clip(score, EDGE, 1.0))
    return found


def mix(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weighted mean of log-probabilities as probabilities: `(N, C, M), (M,) -> (N, C)`.

    A logarithmic opinion pool (Genest & Zidek, 1986, doi:10.1214/ss/1177013825): unlike the mean of
    probabilities it stays as sharp as its members where they agree.
    """
    mixed: np.ndarray = softmax(logs(scores) @ weights, axis=1)
    return mixed


def mixing_weights(target: np.ndarray, scores: np.ndarray, *, shrinkage: float) -> np.ndarray:
    """Weights, none negative and summing to 1, that minimise log loss plus a pull towards equal ones.

    `target (N,)` of codes, `scores (N, C, M)`; `shrinkage` as in `simplex_weights`.
    """
    lines = logs(scores)
    true = lines[np.arange(len(target)), target.astype(np.intp)]

    def loss(weights: np.ndarray) -> float:
        return float(np.mean(logsumexp(lines @ weights, axis=1) - true @ weights))

    return simplex_weights(loss, scores.shape[2], shrinkage=shrinkage)
