"""The metrics of `metrics.py` for many resamples at once.

Every function takes codes (N,), probabilities (N, C) and `counts` (R, N), how often each row was drawn in each of R
resamples, and returns (R,), or (R, C) where it answers class by class; NaN where the rows do not define it.
"""

import warnings

import numpy as np

from components.kits.tables.learning import ranked
from components.recipes.multiclass.metrics.rows import one_hot, row_losses


def log_loss(target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return counts @ row_losses(target, score) / counts.sum(axis=1)


def brier(target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return counts @ ((score - one_hot(target, score.shape[1])) ** 2).sum(axis=1) / counts.sum(axis=1)


def accuracy(target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return counts @ (score.argmax(axis=1) == target) / counts.sum(axis=1)


def class_f1(target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """(R, C); NaN of a class that no drawn row has and none is answered."""
    true, answered = (one_hot(codes, score.shape[1]) for codes in (target, score.argmax(axis=1)))
    hits, named = counts @ (true * answered), counts @ (true + answered)
    return ranked.divided(2 * hits, named)


def macro_f1(target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return mean_of_defined(class_f1(target, score, counts))


def class_auc(target: np.ndarray, score: np.ndarray, counts: np.ndarray, place: int) -> np.ndarray:
    return ranked.auc((target == place).astype(np.float64), score[:, place], counts)


def auc(target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> np.ndarray:
    of_class = [class_auc(target, score, counts, place) for place in range(score.shape[1])]
    return mean_of_defined(np.column_stack(of_class))


def ece(target: np.ndarray, score: np.ndarray, counts: np.ndarray, bins: int) -> np.ndarray:
    right = (score.argmax(axis=1) == target).astype(np.float64)
    return ranked.ece(right, score.max(axis=1), counts, bins)


def class_ece(target: np.ndarray, score: np.ndarray, counts: np.ndarray, bins: int) -> np.ndarray:
    pairs = zip(one_hot(target, score.shape[1]).T, score.T, strict=True)
    found: np.ndarray = np.mean([ranked.ece(true, told, counts, bins) for true, told in pairs], axis=0)
    return found


def mean_of_defined(of_class: np.ndarray) -> np.ndarray:
    """Over the classes (R, C) that the rows define; NaN where they define none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # numpy's, of a mean of nothing
        mean: np.ndarray = np.nanmean(of_class, axis=1)
    return mean
