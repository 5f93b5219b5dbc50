"""Picture of how often the second decision is answered, by group."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from components.core.results import Interval
from components.evaluation.presentation.figures import (
    COLOURS,
    INK,
    QUIET,
    new_figure,
    shortened,
    shown_percent,
    small_print,
    styled,
)
from components.recipes.binary.report.fairness import Comparison, Fairness
from components.recipes.binary.report.figures import NEGATIVE, Look
from components.recipes.binary.report.outcome import Outcome

ALL: Look = {"marker": "o", "color": NEGATIVE}
NEGATIVES: Look = {"marker": "D", "color": COLOURS[2]}
TOO_FEW: Look = {"marker": "o", "color": "white", "markeredgecolor": QUIET}


@styled
def fairness_by_group(report: Fairness, *, outcome: Outcome) -> Figure:
    """The share of all rows and of negative ones in each group, with bounds; groups that are too small are hollow."""
    figure = new_figure(height=max(6.0, 2.0 + 0.62 * len(report.groups)))
    axes = figure.subplots()
    axes.set_title(f"Share answered {outcome.otherwise}, by {shortened(report.column, 30)}", pad=34)
    for place, group in enumerate(report.groups):
        _rate_with_bounds(axes, place - 0.14, group.approval_rate, group.approval_interval, ALL)
        _rate_with_bounds(axes, place + 0.14, group.good_approval_rate, group.good_approval_interval, NEGATIVES)
    names = [f"{shortened(group.name, 20)}\nn {group.rows:,}" for group in report.groups]
    axes.set_yticks(range(len(report.groups)), names)
    axes.set(xlim=(-0.01, 1.07), ylim=(len(report.groups) - 0.5, -0.5))
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(visible=False, axis="y")
    ratio = _stated("ratio among all rows", report.approval_ratio)
    gap = _stated(f"gap among those that are {outcome.negative}", report.opportunity_gap)
    axes.set_xlabel(f"answered {outcome.otherwise} (% of group)")
    read = "Lines: bootstrap bounds. Ratio: lowest rate over highest, 1 is even; gap: highest less lowest, 0 is even."
    small_print(figure, read, f"{ratio}\n{gap}")
    keys = {"all rows": ALL, f"those that are {outcome.negative}": NEGATIVES, f"fewer than {report.minimum}": TOO_FEW}
    handles = [Line2D([], [], linestyle="none", markersize=8, label=label, **look) for label, look in keys.items()]
    axes.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(-0.02, 0.99), ncols=3, labelcolor=INK, columnspacing=1
    )
    return figure


def _rate_with_bounds(axes: Axes, place: float, rate: float | None, bounds: Interval | None, look: Look) -> None:
    if rate is None:
        return
    if bounds is None:
        axes.plot(rate, place, markersize=7, **{**TOO_FEW, "marker": look["marker"]})
        return
    colour = look["color"]
    axes.plot([bounds.low, bounds.high], [place, place], color=colour, linewidth=3, alpha=0.45, solid_capstyle="butt")
    axes.plot(rate, place, markersize=8, **look)
    text = shown_percent(rate)
    axes.annotate(text, (bounds.high, place), (5, 0), textcoords="offset points", va="center", color=colour)


def _stated(name: str, found: Comparison | None) -> str:
    if found is None:
        return f"{name}: not enough rows"
    pair = f"{shortened(found.lowest, 16)} against {shortened(found.highest, 16)}"
    return f"{name}: {found.value:.2f} ({found.low:.2f} to {found.high:.2f}), {pair}"
