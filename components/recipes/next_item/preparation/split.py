"""Split of events into those that train and those that are asked: once, before anything is learned from them."""

import numpy as np

from components.core.job import TEST, TRAIN, VALIDATION

ORDER = (TRAIN, VALIDATION, TEST)


def leave_one_out(rows: np.ndarray, users: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """The place (N,) in `ORDER` of events sorted by user and time.

    `rows` (N,) are the events' numbers from 0 in that order, `ends` (U,) the number after each
    user's last one: that one is the test, the one before it the validation.
    """
    left: np.ndarray = ends[users] - rows
    return np.maximum(3 - left, 0).astype(np.int8)


def by_time(moments: np.ndarray, cuts: tuple[int, int]) -> np.ndarray:
    """The place (N,) in `ORDER` of events at `moments` (N,): each part begins at its cut."""
    return np.searchsorted(cuts, moments, side="right").astype(np.int8)
