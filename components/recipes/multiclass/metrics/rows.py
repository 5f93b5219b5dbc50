"""Checks of rows with one of several classes, and the logs of their probabilities."""

import numpy as np

from components.core.errors import CasebookError

SMALLEST_PROBABILITY = float(np.finfo(np.float64).eps)  # scikit-learn's: a float32 network does answer 0
SUM_TOLERANCE = 1e-4  # of the probabilities of a row: those of a graph in float32 or int8 are no exact shares


def checked(target: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A target (N,) of codes from 0 as intp, and probabilities (N, C) as float64.

    Raises:
        CasebookError: no rows, unequal lengths, another shape, a code that is none of the C classes, or a row that is
            no distribution.
    """
    target, score = np.asarray(target), np.asarray(score, dtype=np.float64)
    if target.ndim != 1 or score.ndim != 2 or len(target) != len(score) or len(target) == 0:
        raise CasebookError(
            f"target {target.shape} and score {score.shape}: give a class and a probability of each class per row"
        )
    codes = target.astype(np.intp)
    if len(other := np.flatnonzero((codes != target) | (codes < 0) | (codes >= score.shape[1]))):
        raise CasebookError(
            f"target: {len(other)} of {len(target)} rows are no code of {score.shape[1]} classes, such as "
            f"{target[other[0]]}"
        )
    if len(other := np.flatnonzero(~np.isfinite(score).all(axis=1))):
        raise CasebookError(
            f"score: {len(other)} of {len(score)} rows are not finite, first row {other[0]}; "
            "the model that gave them did not train"
        )
    if len(other := np.flatnonzero((score < 0).any(axis=1) | (np.abs(score.sum(axis=1) - 1) > SUM_TOLERANCE))):
        raise CasebookError(
            f"score: {len(other)} of {len(score)} rows are no probabilities of all classes, such as row {other[0]}, "
            f"{np.round(score[other[0]], 4).tolist()}; give shares that sum to 1, not margins"
        )
    return codes, score


def row_losses(target: np.ndarray, score: np.ndarray) -> np.ndarray:
    """-log of the probability of what happened, (N,), of codes (N,) and probabilities (N, C)."""
    told = score[np.arange(len(score)), target.astype(np.intp)]
    losses: np.ndarray = -np.log(np.clip(told, SMALLEST_PROBABILITY, 1.0))
    return losses


def one_hot(target: np.ndarray, classes: int) -> np.ndarray:
    """Codes (N,) to (N, C) of 0 and 1."""
    return np.eye(classes)[target.astype(np.intp)]
