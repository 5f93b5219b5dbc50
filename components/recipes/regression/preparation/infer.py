"""What the members of a new case learn by, by the look of its target."""

import numpy as np

FEWEST_KINDS = 5
MOST_USUAL = 30  # the median of a count: larger whole numbers are amounts


def loss_of(target: np.ndarray) -> tuple[str, str] | None:
    """`model.loss.kind` and why, of numbers (N,) without a missing one; None where the default does.

    Whole numbers from 0 or 1, most of them small, that vary by more than their mean are counts.
    """
    counted = bool((target % 1 == 0).all() and target.min() in (0, 1) and np.median(target) <= MOST_USUAL)
    if counted and len(np.unique(target)) >= FEWEST_KINDS and target.var() >= target.mean():
        return "poisson", "its values count something, from 0 or 1, and most are small"
    return None
