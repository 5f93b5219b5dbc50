"""Scores of two classes over counts: what a bootstrap sorts once, not once a resample.

Every function takes a target (N,) of 0 and 1, a score (N,) and `counts` (R, N), how often each row was drawn in each of
R resamples, and returns (R,), NaN where they do not define it. Of more classes each is one against the rest.
"""

import numpy as np


def cumulative(target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positives and negatives at or above each of the K distinct scores, highest first: two (R, K)."""
    order = np.argsort(-score, kind="stable")
    last_of_tie = np.append(np.diff(score[order]) != 0, True)
    drawn = counts[:, order]
    rows = np.cumsum(drawn, axis=1)
    drawn *= target[order]
    positives = np.cumsum(drawn, axis=1, out=drawn)
    if not last_of_tie.all():
        rows, positives = rows[:, last_of_tie], positives[:, last_of_tie]
    return positives, rows - positives


def auc(target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> np.ndarray:
    positives, negatives = cumulative(target, score, counts)
    # Each negative is beaten by the positives above it, and by half of those it ties with.
    middle = positives.copy()
    middle[:, 1:] += positives[:, :-1]
    pairs = 0.5 * np.einsum("rk,rk->r", np.diff(negatives, axis=1, prepend=0), middle)
    return divided(pairs, positives[:, -1] * negatives[:, -1])


def ece(target: np.ndarray, score: np.ndarray, counts: np.ndarray, bins: int) -> np.ndarray:
    order = np.argsort(score, kind="stable")
    first_of_tie = np.flatnonzero(np.append(True, np.diff(score[order]) != 0))
    drawn = counts[:, order]
    rows = np.add.reduceat(drawn, first_of_tie, axis=1)
    excess = np.add.reduceat(drawn * (target - score)[order], first_of_tie, axis=1)
    within = mass_bins(rows, bins) + bins * np.arange(len(counts))[:, None]
    sums = np.bincount(within.ravel(), weights=excess.ravel(), minlength=bins * len(counts))
    return np.abs(sums.reshape(-1, bins)).sum(axis=1) / counts.sum(axis=1)


def mass_bins(rows: np.ndarray, bins: int) -> np.ndarray:
    """The bin, 0 to `bins` - 1, of each distinct score, lowest first, given how many rows have it: (R, K) to (R, K).

    A score goes where the middle of its rows lies, so equal scores share a bin and repeated rows
    fall as weighted ones do.
    """
    reached = np.cumsum(rows, axis=1)
    middle = (reached - rows / 2) / reached[:, -1:]
    return np.minimum((middle * bins).astype(np.intp), bins - 1)


def divided(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """NaN where there is nothing to divide by."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(bottom > 0, top / bottom, np.nan)
