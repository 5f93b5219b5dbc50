"""Effects of columns: what a model answers on average if all rows had one value of a column."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from components.core.written import written
from components.evaluation.presentation.figures import (
    COLOURS,
    DASHED,
    QUIET,
    new_figure,
    shortened,
    small_print,
    styled,
    title_over_all,
)

BARS = 24  # of the strip that says where the rows are
STRIP = 0.2  # of a panel's height


@dataclass(frozen=True)
class Effect:
    """Mean answers (V,) of a model, were all rows to have one of the `values` (V,) of a column: numbers, or classes.

    `held` is what the rows have: their numbers (N,), or how many rows (V,) there are of each class.
    """

    column: str
    values: np.ndarray
    answers: np.ndarray
    held: np.ndarray

    @property
    def is_number(self) -> bool:
        return self.values.dtype.kind == "f"


@styled
def effects(
    found: Sequence[Effect], *, title: str, answer: str, overall: float, note: str, percent: bool = True
) -> Figure:
    """A panel a column, `answer` on one scale, of shares in `percent`; at the foot of each, where the rows are."""
    rows = -(-len(found) // 2)
    figure = new_figure(height=1.4 + 2.35 * rows)
    panels = np.atleast_1d(figure.subplots(rows, min(2, len(found)), sharey=True, squeeze=False)).ravel()
    answers = np.concatenate([one.answers for one in found])
    low, high = min(answers.min(), overall), max(answers.max(), overall)
    room = 0.08 * (high - low) or 0.01
    # Below the lowest answer there is room for the strip of rows.
    ends = (low - room - STRIP / (1 - STRIP) * (high - low + 2 * room), high + room)
    for axes, one in zip(panels, found, strict=False):
        axes.axhline(overall, color=QUIET, linewidth=1, linestyle=DASHED)
        (_numbers if one.is_number else _classes)(axes, one)
        axes.set_title(shortened(one.column, 30), fontsize=12.5, pad=6)
        axes.set_ylim(*ends)
        if percent:
            axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        axes.tick_params(labelsize=10)
    for axes in panels[len(found) :]:
        axes.remove()
    mean = f"{overall:.1%}" if percent else written(overall)
    figure.supylabel(answer, fontsize=12)
    title_over_all(figure, title)
    small_print(figure, note, f"Dashed: the mean of all rows, {mean}. Grey: how many rows have such a value.")
    return figure


def _numbers(axes: Axes, one: Effect) -> None:
    axes.plot(one.values, one.answers, color=COLOURS[0], linewidth=2.4)
    ends = (float(one.values[0]), float(one.values[-1]))
    inside = one.held[(one.held >= ends[0]) & (one.held <= ends[1])]
    counts, edges = np.histogram(inside, bins=BARS, range=ends)
    _strip(axes, (edges[1:] + edges[:-1]) / 2, counts, edges[1] - edges[0])
    axes.xaxis.set_major_locator(MaxNLocator(5))


def _classes(axes: Axes, one: Effect) -> None:
    place = np.arange(len(one.values))
    axes.plot(place, one.answers, color=COLOURS[0], linewidth=1, linestyle=":")
    axes.plot(place, one.answers, color=COLOURS[0], linestyle="none", marker="o", markersize=8)
    _strip(axes, place, one.held, 0.7)
    axes.set_xticks(place, [shortened(str(value), 10) for value in one.values])
    axes.set_xlim(-0.6, len(place) - 0.4)


def _strip(axes: Axes, place: np.ndarray, counts: np.ndarray, width: float) -> None:
    heights = 0.8 * STRIP * counts / max(1, counts.max(initial=0))
    axes.bar(place, heights, width, color=QUIET, alpha=0.55, transform=axes.get_xaxis_transform(), zorder=1)
