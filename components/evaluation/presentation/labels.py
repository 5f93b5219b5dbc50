"""Names beside the lines that they are of, so that nobody looks for a legend."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from components.evaluation.presentation.figures import HALO

GAP = 0.062  # of the height of a panel of the common size, between two names of 11 points


class End(NamedTuple):
    """Where a line ends, in the numbers of the axes, and what is said of it."""

    x: float
    y: float
    text: str
    colour: str


def name_ends(axes: Axes, ends: Sequence[End], *, gap: float = GAP, bold: int | None = 0) -> None:
    """Right of the axes, each name as near to the end of its line as the others allow. Limits are set before."""
    to_axes = axes.transData + axes.transAxes.inverted()
    heights = np.array([to_axes.transform((end.x, end.y))[1] for end in ends])
    for number, (end, height) in enumerate(zip(ends, apart(heights, gap), strict=True)):
        axes.annotate(
            end.text,
            (end.x, end.y),
            (1.02, height),
            textcoords="axes fraction",
            color=end.colour,
            va="center",
            fontsize=11,
            weight="bold" if number == bold else "normal",
            path_effects=HALO,
            annotation_clip=False,
        )


def apart(heights: np.ndarray, gap: float) -> np.ndarray:
    """Heights (N,) in 0..1 moved as little as keeps them `gap` from each other: those too near share their middle,
    unless that would move one beyond 0 or 1.
    """
    groups: list[list[int]] = []
    for one in np.argsort(heights, kind="stable"):
        groups.append([int(one)])
        while len(groups) > 1 and _lowest(heights, groups[-1], gap) < _highest(heights, groups[-2], gap) + gap:
            last = groups.pop()
            groups[-1] += last
    placed = heights.astype(np.float64).copy()
    for group in groups:
        placed[group] = _lowest(heights, group, gap) + gap * np.arange(len(group))
    return placed


def _lowest(heights: np.ndarray, group: list[int], gap: float) -> float:
    half = gap * (len(group) - 1) / 2
    return float(max(half, min(1 - half, heights[group].mean()))) - half


def _highest(heights: np.ndarray, group: list[int], gap: float) -> float:
    return _lowest(heights, group, gap) + gap * (len(group) - 1)
