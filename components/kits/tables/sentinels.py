"""Numbers that stand for no value: -999 among weights, 99 beside ages, 9999 beside years."""

import numpy as np

NINES = tuple(int("9" * digits) for digits in range(2, 10))
MOST_BY_COUNT = 999  # what caps a number may well be 99,999
FEWEST = 20  # cells beside them
APART = 0.1  # of the range of the others
OFTEN = 5  # times as often as what comes before them, and so many times at least
PRICED = 0.3  # share of other numbers that end in 9, from which they are prices


def find_sentinels(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Which distinct numbers (N,), of which each stands in so many cells (N,), are made of nines and apart from the
    others: below all of them where none is negative, above them by a tenth of their range, or far more often than the
    ones before it.
    """
    whole = np.isfinite(values)
    candidates = whole & np.isin(np.abs(values), [*NINES, 9]) & ~((values > 0) & (values < NINES[0]))
    others = whole & ~candidates
    if not candidates.any() or others.sum() < 2 or counts[others].sum() < FEWEST:
        return np.zeros(len(values), dtype=bool)
    low, high = values[others].min(), values[others].max()
    below = candidates & (values < 0) & (values < low) & ((low >= 0) | (low - values > high - low))
    if (np.mod(values[others], 10) == 9).mean() >= PRICED:
        return below
    nearest = counts[others][np.argsort(values[others])][-OFTEN:].mean()
    often = (values <= MOST_BY_COUNT) & (counts >= OFTEN) & (counts >= OFTEN * nearest)
    apart = np.where(values <= MOST_BY_COUNT, APART, 1) * (high - low)
    above = candidates & (values > high) & (often | ((values - high >= apart) & (counts > 1)))
    return below | above
