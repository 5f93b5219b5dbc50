"""The metrics of `metrics.py` for many resamples at once.

Every function takes a target (N,), a score (N,) and `counts` (R, N), how often each row was drawn
in each of R resamples, and returns (R,): what the plain metric says of the rows repeated that
often, NaN where they do not define it. Rows are sorted once, not once a resample.
"""

import numpy as np
from scipy.special import expit, logit, xlogy

from components.kits.tables.learning.ranked import auc as auc
from components.kits.tables.learning.ranked import cumulative as cumulative
from components.kits.tables.learning.ranked import divided
from components.kits.tables.learning.ranked import ece as ece
from components.kits.tables.learning.ranked import mass_bins as mass_bins
from components.recipes.binary.metrics.rows import log_odds

NEWTON_STEPS = 30
NEWTON_TOLERANCE = 1e-9


def gini(target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return 2 * auc(target, score, counts) - 1


def ap(target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> np.ndarray:
    positives, negatives = cumulative(target, score, counts)
    with np.errstate(invalid="ignore"):
        precision = np.nan_to_num(positives / (positives + negatives))  # 0/0 before the first drawn row: adds nothing
    found = np.einsum("rk,rk->r", np.diff(positives, axis=1, prepend=0), precision)
    return np.where(negatives[:, -1] > 0, divided(found, positives[:, -1]), np.nan)


def ks(target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> np.ndarray:
    positives, negatives = cumulative(target, score, counts)
    gap = divided(positives, positives[:, -1:]) - divided(negatives, negatives[:, -1:])
    return np.abs(gap, out=gap).max(axis=1)


def brier(target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return counts @ (target - score) ** 2 / counts.sum(axis=1)


def log_loss(target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> np.ndarray:
    epsilon = np.finfo(np.float64).eps  # scikit-learn's
    kept = np.clip(score, epsilon, 1 - epsilon)
    return -counts @ (xlogy(target, kept) + xlogy(1 - target, 1 - kept)) / counts.sum(axis=1)


def confusion(
    target: np.ndarray, score: np.ndarray, counts: np.ndarray, threshold: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True positives, false positives and false negatives of `score >= threshold`, each (R,)."""
    flagged = score >= threshold
    return counts @ (flagged * target), counts @ (flagged * (1 - target)), counts @ (~flagged * target)


def f1(target: np.ndarray, score: np.ndarray, counts: np.ndarray, threshold: float) -> np.ndarray:
    hit, false, missed = confusion(target, score, counts, threshold)
    return divided(2 * hit, 2 * hit + false + missed)


def precision(target: np.ndarray, score: np.ndarray, counts: np.ndarray, threshold: float) -> np.ndarray:
    hit, false, _ = confusion(target, score, counts, threshold)
    return hit / np.maximum(hit + false, 1)


def recall(target: np.ndarray, score: np.ndarray, counts: np.ndarray, threshold: float) -> np.ndarray:
    hit, _, missed = confusion(target, score, counts, threshold)
    return divided(hit, hit + missed)


def accuracy(target: np.ndarray, score: np.ndarray, counts: np.ndarray, threshold: float) -> np.ndarray:
    return counts @ ((score >= threshold) == target) / counts.sum(axis=1)


def calibration_line(target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Intercepts and slopes, each (R,), of the logistic regression of target on the score's log-odds."""
    odds = log_odds(score)
    intercept, slope = np.full((2, len(counts)), np.nan)
    found = _overlap(target, odds, counts)
    if found.any():
        # The fit to all rows is close to that of any resample: three steps from there instead of eight.
        start = _newton(target, odds, np.ones((1, len(target))), np.zeros(1), np.zeros(1))
        intercept[found], slope[found] = _newton(target, odds, counts[found], *start)
        astray = found & np.isnan(slope)
        intercept[astray], slope[astray] = _newton(target, odds, counts[astray], np.zeros(1), np.zeros(1))
    return intercept, slope


def _overlap(target: np.ndarray, odds: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Where the classes overlap, (R,) of bool: without it the likelihood has no finite maximum.

    Albert and Anderson, On the existence of maximum likelihood estimates in logistic regression (1984).
    """
    extremes = []
    for label in (0, 1):
        chosen = target == label
        drawn = counts[:, chosen] > 0
        highest = np.max(np.where(drawn, odds[chosen], -np.inf), axis=1, initial=-np.inf)
        lowest = np.min(np.where(drawn, odds[chosen], np.inf), axis=1, initial=np.inf)
        extremes.append((lowest, highest))
    (low_good, high_good), (low_bad, high_bad) = extremes
    return (high_good > low_bad) & (high_bad > low_good)


def calibration_in_the_large(target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Intercepts (R,) of that regression with the slope fixed at 1; NaN where there is one class only."""
    odds, share = log_odds(score), counts @ target / counts.sum(axis=1)
    found = (share > 0) & (share < 1)
    shift = np.full(len(counts), np.nan)
    shift[found] = _shift_to(share[found], odds, counts[found])
    return shift


def _shift_to(share: np.ndarray, odds: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """What to add to the log-odds so that their mean probability is `share` (R,): Newton's method within brackets."""
    rows = counts.sum(axis=1)
    low, high = logit(share) - odds.max(), logit(share) - odds.min()
    shift = np.clip(0.0, low, high)
    for _ in range(NEWTON_STEPS):
        chance = expit(shift[:, None] + odds)
        expected = counts * chance
        short = share - expected.sum(axis=1) / rows
        low, high = np.where(short > 0, shift, low), np.where(short < 0, shift, high)
        with np.errstate(divide="ignore", invalid="ignore"):  # flat where every probability is 0 or 1
            tried = shift + short * rows / np.multiply(expected, np.subtract(1, chance, out=chance)).sum(axis=1)
        after = np.where((tried >= low) & (tried <= high), tried, (low + high) / 2)
        step, shift = np.abs(after - shift), after
        if (step <= NEWTON_TOLERANCE).all():
            break
    return shift


def _newton(
    target: np.ndarray, odds: np.ndarray, counts: np.ndarray, intercept: np.ndarray, slope: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Newton's method on R logistic likelihoods at once, from given starts; NaN where it does not arrive."""
    shape = len(counts)
    intercept, slope, step = np.full(shape, intercept), np.full(shape, slope), np.full(shape, np.nan)
    wanted, wanted_odds = counts @ target, counts @ (target * odds)
    with np.errstate(all="ignore"):  # a start that leads astray ends in NaN
        for _ in range(NEWTON_STEPS):
            chance = expit(intercept[:, None] + slope[:, None] * odds)
            expected = counts * chance
            short, short_odds = wanted - expected.sum(axis=1), wanted_odds - expected @ odds
            spread = np.multiply(expected, np.subtract(1, chance, out=chance), out=expected)
            h00, h01, h11 = spread.sum(axis=1), spread @ odds, spread @ odds**2
            determinant = h00 * h11 - h01**2
            to_intercept = (h11 * short - h01 * short_odds) / determinant
            to_slope = (h00 * short_odds - h01 * short) / determinant
            intercept, slope = intercept + to_intercept, slope + to_slope
            step = np.maximum(np.abs(to_intercept), np.abs(to_slope))
            if not (step > NEWTON_TOLERANCE).any():
                break
    found = step <= NEWTON_TOLERANCE
    return np.where(found, intercept, np.nan), np.where(found, slope, np.nan)
