"""Probabilities beside shares: bins of equal mass, and the axes that they are drawn on."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from components.evaluation.presentation.shares import wilson
from components.kits.tables.learning.ranked import mass_bins


def reliability(target: np.ndarray, score: np.ndarray, bins: int, confidence: float) -> tuple[np.ndarray, ...]:
    """Mean score, share of positives and its Wilson bounds of each bin that has rows."""
    _, place, rows = np.unique(score, return_inverse=True, return_counts=True)
    bin_of_row = mass_bins(rows[None, :].astype(float), bins)[0][place]
    found = []
    for number in np.unique(bin_of_row):
        inside = bin_of_row == number
        bounds = wilson(int(target[inside].sum()), int(inside.sum()), confidence)
        assert bounds is not None
        found.append((score[inside].mean(), target[inside].mean(), bounds.low, bounds.high))
    return tuple(np.array(found).T)


def share_axes(axes: Axes, *, x: str, y: str, x_end: float = 1.0, y_end: float = 1.0) -> Axes:
    axes.set(xlabel=x, ylabel=y, xlim=(-0.01 * x_end, 1.01 * x_end), ylim=(-0.01 * y_end, 1.01 * y_end))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1))
        axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    return axes
