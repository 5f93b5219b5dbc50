"""Checks of rows with a binary outcome, which every function on them makes, and their log-odds."""

import numpy as np
from scipy.special import logit

from components.core.errors import CasebookError

# Keeps log-odds within +-27.6. A float32 network does answer 0 and 1.
SMALLEST_PROBABILITY = 1e-12


def checked(target: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as float64 arrays (N,).

    Raises:
        CasebookError: no rows, unequal lengths, another shape, a target other than 0 and 1, or a
            score that is not finite.
    """
    target, score = np.asarray(target, dtype=np.float64), np.asarray(score, dtype=np.float64)
    if target.ndim != 1 or target.shape != score.shape or len(target) == 0:
        raise CasebookError(f"target {target.shape} and score {score.shape}: give one of each per row, at least one")
    if len(other := np.flatnonzero((target != 0) & (target != 1))):
        raise CasebookError(f"target: {len(other)} of {len(target)} rows are not 0 or 1, such as {target[other[0]]}")
    if len(other := np.flatnonzero(~np.isfinite(score))):
        raise CasebookError(
            f"score: {len(other)} of {len(score)} rows are not finite, first row {other[0]}: {score[other[0]]}; "
            "the model that gave them did not train"
        )
    return target, score


def checked_probabilities(target: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`checked`, where the score must also be a probability, within [0, 1]."""
    target, score = checked(target, score)
    if len(other := np.flatnonzero((score < 0) | (score > 1))):
        raise CasebookError(
            f"score: {len(other)} of {len(score)} rows are no probability, such as {score[other[0]]}; "
            "give the positive class's probability, not a margin"
        )
    return target, score


def has_both_classes(target: np.ndarray) -> bool:
    return bool(target.min() != target.max())


def log_odds(probability: np.ndarray) -> np.ndarray:
    """log(p / (1 - p)), with p kept `SMALLEST_PROBABILITY` away from 0 and 1."""
    return logit(np.clip(np.asarray(probability, dtype=np.float64), SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY))


def row_losses(target: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """-log of the probability of what happened, (N,)."""
    line = log_odds(probability)
    return np.logaddexp(0, line) - target * line
