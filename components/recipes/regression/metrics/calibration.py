"""Maps of a blended value to one that is right on average, found on rows that no member has learned from.

A model of logarithms answers medians of a skewed target, and trees pull high values down: `factor` multiplies all
values (the smearing of Duan, 1983, for a log scale), `line` shifts them, too.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from components.core.blocks import Block
from components.recipes.regression.params import Calibrator as Name

Line = tuple[float, float]  # what is added, and by what values are multiplied
FEWEST = 20  # rows that a map may rest on
SLOPES = (0.5, 2.0)  # of the maps: one beyond them is of rows that are too few, or of another target


class Calibration(Block):
    """`intercept + slope * value`."""

    method: Name
    intercept: float
    slope: float

    def apply(self, value: np.ndarray) -> np.ndarray:
        """`(N,) -> (N,)`."""
        return value if self.method == "identity" else self.intercept + self.slope * value


def fit_calibration(method: Name, target: np.ndarray, value: np.ndarray) -> Calibration:
    """The map of a method by least squares."""
    intercept, slope = FITTERS[method](target, value)
    return Calibration(method=method, intercept=intercept, slope=slope)


def _identity(_target: np.ndarray, _value: np.ndarray) -> Line:
    return 0.0, 1.0


def _factor(target: np.ndarray, value: np.ndarray) -> Line:
    """The factor by which the mean is right: least squares would rest on the largest values alone."""
    return 0.0, float(np.clip(target.mean() / value.mean(), *SLOPES)) if value.mean() != 0 else 1.0


def _line(target: np.ndarray, value: np.ndarray) -> Line:
    spread = float(((value - value.mean()) ** 2).sum())
    raw = float(((value - value.mean()) * (target - target.mean())).sum() / spread) if spread > 0 else 1.0
    slope = float(np.clip(raw, *SLOPES))
    return float(target.mean() - slope * value.mean()), slope


FITTERS: Mapping[Name, Callable[[np.ndarray, np.ndarray], Line]] = {
    "identity": _identity,
    "factor": _factor,
    "line": _line,
}


def choose_calibration(
    methods: Sequence[Name],
    target: np.ndarray,
    value: np.ndarray,
    parts: Sequence[tuple[np.ndarray, np.ndarray]],
    *,
    beats: Callable[[np.ndarray, np.ndarray], bool],
) -> Calibration:
    """The method of the lowest squared error on rows that were left out of its fit, if that surely `beats` the value
    as it is, fitted to all rows (N).
    """
    if len(target) < FEWEST or not parts:
        return fit_calibration("identity", target, value)
    losses = {}
    for method in methods:
        told = np.empty(len(target))
        for fitting, rest in parts:
            told[rest] = fit_calibration(method, target[fitting], value[fitting]).apply(value[rest])
        losses[method] = (told - target) ** 2
    best = min(methods, key=lambda method: float(losses[method].mean()))
    surely = best != "identity" and beats(losses[best], (value - target) ** 2)
    return fit_calibration(best if surely else "identity", target, value)
