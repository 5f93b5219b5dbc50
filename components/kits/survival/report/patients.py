"""Picture of single patients: their survival, and what makes it so."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from components.evaluation.presentation.figures import (
    COLOURS,
    DASHED,
    INK,
    QUIET_INK,
    new_figure,
    shortened,
    small_print,
    styled,
    title_over_all,
)
from components.kits.survival.metrics.contributions import Contribution


@styled
def patients(
    title: str,
    times: np.ndarray,
    survival: np.ndarray,
    typical: np.ndarray,
    reasons: Sequence[Sequence[Contribution]],
    unit: str = "years",
) -> Figure:
    """A row a patient (P): survival `(P, T)` at `times` (T,) beside a typical one's (T,), and the top contributions."""
    figure = new_figure(height=1.4 + 2.6 * len(survival))
    title_over_all(figure, title)
    grid = figure.subplots(len(survival), 2, squeeze=False, width_ratios=(3, 2))
    # One scale for all patients, or bars of one length would mean different factors.
    reach = 1.5 * max([0.1, *(abs(np.log(one.factor)) for row in reasons for one in row)])
    for number, ((left, right), curve, found) in enumerate(zip(grid, survival, reasons, strict=True), start=1):
        left.plot([0, *times], [1, *typical], color=QUIET_INK, linewidth=1.4, linestyle=DASHED)
        left.plot([0, *times], [1, *curve], color=COLOURS[0], linewidth=2.4)
        told = f"patient {number}: risk {1 - curve[-1]:.0%} by {times[-1]:g} {unit}"
        left.set_title(told, fontsize=11.5, color=COLOURS[0], pad=6)
        left.set(ylim=(0, 1.02), ylabel="event-free (%)")
        left.yaxis.set_major_formatter(PercentFormatter(1))
        contribution_bars(right, found, reach)
    look: dict[str, Any] = {"textcoords": "offset points", "ha": "right", "va": "top", "color": QUIET_INK}
    grid[0][0].annotate("typical patient", (times[-1], typical[-1]), (0, -6), fontsize=10.5, **look)
    grid[-1][0].set_xlabel(unit)
    grid[-1][1].set_xlabel("factor on the hazard")
    read = "Right: by how much a value alone raises (over 1) or lowers the hazard, beside a typical patient's value."
    small_print(figure, read, "The reasons that `casebook predict` answers.")
    return figure


def contribution_bars(axes: Axes, found: Sequence[Contribution], reach: float) -> None:
    """Bars to the right of 1 raise the hazard, to the left lower it; `reach` is the end of the axis, in logarithms."""
    logs = np.log([one.factor for one in found])
    places = np.arange(len(found))
    axes.barh(places, logs, color=[COLOURS[1] if log > 0 else COLOURS[2] for log in logs], height=0.7)
    names = [f"{shortened(one.feature, 14)} = {_value(one.value)}" for one in found]
    axes.set_yticks(places, names, fontsize=9.5)
    axes.set(ylim=(max(len(found), 1) - 0.5, -0.5), xlim=(-reach, reach))
    for place, (log, one) in enumerate(zip(logs, found, strict=True)):
        side = "left" if log > 0 else "right"
        axes.annotate(
            f"{one.factor:.2f}",
            (log, place),
            (4 if log > 0 else -4, 0),
            textcoords="offset points",
            ha=side,
            va="center",
            fontsize=9,
        )
    axes.axvline(0, color=INK, linewidth=1)
    axes.set_xticks([0], ["1"])
    axes.grid(visible=False)


def _value(value: Any) -> str:
    return "missing" if value is None else f"{value:g}" if isinstance(value, float) else shortened(str(value), 12)
