"""Pictures of incidences by cause."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from components.evaluation.presentation.figures import (
    COLOURS,
    DASHED,
    QUIET_INK,
    axis_limit,
    new_figure,
    small_print,
    styled,
    title_over_all,
)
from components.kits.survival.metrics.contributions import Contribution
from components.kits.survival.report.patients import contribution_bars
from components.recipes.competing_risks.report.observed import Steps

Said = Sequence[tuple[Steps, np.ndarray]]  # of groups: what was observed, and the mean prediction (T,)


@styled
def incidences(title: str, panels: Mapping[str, Said], times: np.ndarray, unit: str) -> Figure:
    """A panel a cause: its incidence in groups by the predicted risk of it, with bounds, and the mean prediction (T,)
    at `times` (T,).
    """
    figure = new_figure(height=5.6)
    title_over_all(figure, title)
    limit = axis_limit(max(float(seen.high.max()) for said in panels.values() for seen, _ in said))
    for axes, (cause, said) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        for place, (seen, predicted) in enumerate(said):
            colour = COLOURS[place % len(COLOURS)]
            label = f"{seen.name} (n {seen.rows:,})"
            axes.step(seen.time, seen.share, where="post", color=colour, linewidth=2.2, label=label)
            axes.fill_between(seen.time, seen.low, seen.high, step="post", color=colour, alpha=0.15, linewidth=0)
            axes.plot([0, *times], [0, *predicted], color=colour, linewidth=1.4, linestyle=DASHED)
        axes.set(xlabel=f"{unit}, {cause}", xlim=(0, 1.02 * times[-1]), ylim=(0, limit))
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.legend(loc="upper left", fontsize=9.5)
    figure.axes[0].set_ylabel("incidence")
    read = (
        "Groups by the predicted risk of the cause. Steps: Aalen and Johansen's incidence with its bounds; dashed: the"
    )
    small_print(figure, f"{read} mean prediction.")
    return figure


@styled
def people(
    title: str,
    times: np.ndarray,
    incidence: np.ndarray,
    causes: Sequence[str],
    reasons: Sequence[Sequence[Contribution]],
    unit: str,
) -> Figure:
    """A row a person (P): incidences `(P, K, T)` at `times` (T,) of the causes, one above the other, beside what
    contributes most to the risk of the first.
    """
    figure = new_figure(height=1.4 + 2.6 * len(incidence))
    title_over_all(figure, title)
    grid = figure.subplots(len(incidence), 2, squeeze=False, width_ratios=(3, 2))
    # One scale for all people, or bars of one length would mean different factors.
    reach = 1.5 * max([0.1, *(abs(np.log(one.factor)) for row in reasons for one in row)])
    look: dict[str, Any] = {"colors": COLOURS[: len(causes)], "alpha": 0.75, "linewidth": 0}
    for number, ((left, right), own, found) in enumerate(zip(grid, incidence, reasons, strict=True), start=1):
        left.stackplot([0, *times], np.concatenate([np.zeros((len(own), 1)), own], axis=1), labels=causes, **look)
        risks = ", ".join(f"{cause} {share:.0%}" for cause, share in zip(causes, own[:, -1], strict=True))
        told = f"person {number} by {times[-1]:g} {unit}: {risks}"
        left.set_title(told, fontsize=10.5, color=QUIET_INK, pad=6)
        left.set(ylim=(0, 1), xlim=(0, times[-1]), ylabel="incidence")
        left.yaxis.set_major_formatter(PercentFormatter(1))
        contribution_bars(right, found, reach)
    grid[0][0].legend(loc="upper left", fontsize=9.5)
    grid[-1][0].set_xlabel(unit)
    grid[-1][1].set_xlabel(f"factor on the risk of {causes[0]}")
    read = f"Right: by how much a value alone raises (over 1) or lowers -log(1 - risk) of {causes[0]}, beside a typical"
    small_print(figure, f"{read} person's.", "The reasons that `casebook predict` answers.")
    return figure
