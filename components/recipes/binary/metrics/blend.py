"""One probability from several: weights on the simplex, found on rows that no member has learned from."""

import numpy as np
from scipy.special import expit, logit

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

    `target (N,)` of 0 and 1, `scores (N, M)`; `shrinkage` as in `simplex_weights`.
    """
    # Not above: who answers needs `mix` alone, and SciPy's optimizers are a tenth of the memory of a server.
    from components.kits.tables.simplex import simplex_weights

    logits = logit(np.clip(scores, EDGE, 1 - EDGE))

    def loss(weights: np.ndarray) -> float:
        mixed = logits @ weights
        return float(np.mean(np.logaddexp(0, mixed) - target * mixed))

    return simplex_weights(loss, scores.shape[1], shrinkage=shrinkage)
