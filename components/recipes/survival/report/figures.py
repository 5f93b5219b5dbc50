"""Pictures of a risk for a censored outcome. Times are years, targets (N, 2) years and event, risks (N,) or (N, H)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from components.core.results import Interval
from components.evaluation.presentation.figures import (
    COLOURS,
    DASHED,
    INK,
    QUIET,
    QUIET_INK,
    axis_limit,
    new_figure,
    shortened,
    styled,
)
from components.recipes.survival.metrics.contributions import Contribution
from components.recipes.survival.report.calibration import Reliability
from components.recipes.survival.report.groups import Curve


@styled
def kaplan_meier(
    title: str, curves: Sequence[Curve], years: Sequence[float], predicted: np.ndarray, times: np.ndarray
) -> Figure:
    """Survival of each risk group with bounds, its mean prediction `(G, T)` at `times` (T,), who is at risk when."""
    figure = new_figure(height=6.6)
    axes, below = figure.subplots(2, sharex=True, height_ratios=(5, 0.5 + 0.25 * len(curves)))
    axes.set_title(title)
    end = times[-1]
    for place, curve in enumerate(curves):
        colour = COLOURS[place % len(COLOURS)]
        time, survival, low, high = _steps(curve, end)
        axes.step(time, survival, where="post", color=colour, linewidth=2.2, label=f"{curve.name} (n {curve.rows:,})")
        axes.fill_between(time, low, high, step="post", color=colour, alpha=0.15, linewidth=0)
        axes.plot([0, *times], [1, *predicted[place]], color=colour, linewidth=1.4, linestyle=DASHED)
    axes.plot([], [], color=QUIET_INK, linewidth=1.4, linestyle=DASHED, label="predicted")
    axes.set(ylabel="event-free (%)", xlabel="years", ylim=(0, 1.02), xlim=(-0.15, end + 0.1))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.tick_params(labelbottom=True)
    axes.legend(loc="lower left")
    _numbers_at_risk(below, curves, years)
    return figure


@styled
def calibration(title: str, panels: Mapping[str, Mapping[str, Reliability]]) -> Figure:
    """A panel a horizon: observed risk with bounds against the prediction, for each series; the first is served."""
    figure = new_figure(height=5.2)
    figure.suptitle(title, fontsize=15, fontweight="bold", x=0.02, ha="left")
    everywhere = [one for panel in panels.values() for one in panel.values()]
    limit = axis_limit(max(float(max(one.high.max(), one.predicted.max())) for one in everywhere if len(one.high)))
    for axes, (horizon, series) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        axes.axline((0, 0), (1, 1), color=QUIET_INK, linewidth=1, linestyle=DASHED)
        for place, (name, one) in enumerate(series.items()):
            colour, first = COLOURS[place % len(COLOURS)], place == 0
            if first:
                bars = [one.observed - one.low, one.high - one.observed]
                axes.errorbar(one.predicted, one.observed, yerr=bars, fmt="none", ecolor=colour, alpha=0.5)
            look: dict[str, Any] = {"linewidth": 2.2, "markersize": 6} if first else {"linewidth": 1.2, "markersize": 3}
            axes.plot(one.predicted, one.observed, marker="o", color=colour, label=name, **look)
        _share_axes(axes, x=f"predicted risk by {horizon}", y="observed risk", x_end=limit, y_end=limit)
        axes.legend(loc="upper left", fontsize=9.5)
    return figure


@styled
def decision_curve(
    title: str, thresholds: np.ndarray, series: Mapping[str, np.ndarray], everybody: np.ndarray
) -> Figure:
    """Net benefit (P,) over threshold risks (P,) of each series, of treating all, and of treating nobody."""
    figure = new_figure()
    axes = figure.subplots()
    axes.set_title(title)
    highest = max(0.01, *(float(np.nanmax(values)) for values in (*series.values(), everybody)))
    axes.plot(thresholds, everybody, color=QUIET, linewidth=1.4, label="treat all")
    axes.axhline(0, color=INK, linewidth=1.2, label="treat none")
    for place, (name, values) in enumerate(series.items()):
        look: dict[str, Any] = {"linewidth": 2.4, "zorder": 9} if place == 0 else {"linewidth": 1.2}
        axes.plot(thresholds, values, color=COLOURS[place % len(COLOURS)], label=name, **look)
    axes.set(xlabel="risk at which one would treat (%)", ylabel="net benefit", ylim=(-0.1 * highest, 1.08 * highest))
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.legend(loc="upper right")
    return figure


@styled
def auc_over_time(title: str, horizons: Sequence[float], series: Mapping[str, Sequence[Interval | None]]) -> Figure:
    """Time-dependent AUC at each horizon (H,), with bounds for the first series; None leaves a gap."""
    figure = new_figure()
    axes = figure.subplots()
    axes.set_title(title)
    for place, (name, found) in enumerate(series.items()):
        colour = COLOURS[place % len(COLOURS)]
        value, low, high = (
            np.array([np.nan if one is None else getattr(one, part) for one in found])
            for part in ("value", "low", "high")
        )
        if place == 0:
            axes.fill_between(horizons, low, high, color=colour, alpha=0.15, linewidth=0)
        axes.plot(horizons, value, marker="o", color=colour, linewidth=2.4 if place == 0 else 1.2, label=name)
    axes.set(xlabel="years", ylabel="AUC", xticks=list(horizons))
    axes.legend(loc="best")
    return figure


@styled
def by_subgroup(title: str, measure: str, tables: Mapping[str, Sequence[Mapping[str, Any]]], overall: float) -> Figure:
    """The measure of each subgroup of `groups.subgroups`, column by column; groups that are too small say so."""
    rows = [(column, one) for column, table in tables.items() for one in table if one["rows"]]
    figure = new_figure(height=max(5.0, 1.6 + 0.36 * len(rows)))
    axes = figure.subplots()
    axes.set_title(title)
    axes.axvline(overall, color=QUIET, linewidth=1.2, linestyle=DASHED)
    columns = list(tables)
    shown = [one["measure"] for _, one in rows if one["measure"] is not None]
    for place, (column, one) in enumerate(rows):
        colour = COLOURS[columns.index(column) % len(COLOURS)]
        if one["measure"] is None:
            axes.text(overall, place, "  insufficient", va="center", color=QUIET_INK, fontsize=10)
            continue
        axes.plot(one["measure"], place, marker="o", markersize=9, color=colour)
        text = f"{one['measure']:.3f}   risk {one['predicted']:.0%}, observed {_percent(one['observed'])}"
        axes.annotate(text, (one["measure"], place), (9, 0), textcoords="offset points", va="center", fontsize=9.5)
    labels = [
        f"{shortened(column, 18)} {one['group']}\nn {one['rows']:,}, events {one['events']:,}" for column, one in rows
    ]
    axes.set_yticks(range(len(rows)), labels, fontsize=8.5)
    low, high = min([*shown, overall]), max([*shown, overall])
    room = max(high - low, 0.05)
    axes.set(xlabel=measure, ylim=(len(rows) - 0.5, -0.5), xlim=(low - 0.15 * room, high + 0.9 * room))
    axes.grid(visible=False, axis="y")
    return figure


@styled
def patients(
    title: str, times: np.ndarray, survival: np.ndarray, typical: np.ndarray, reasons: Sequence[Sequence[Contribution]]
) -> Figure:
    """A row a patient (P): survival `(P, T)` at `times` (T,) beside a typical one's (T,), and the top contributions."""
    figure = new_figure(height=1.0 + 2.6 * len(survival))
    figure.suptitle(title, fontsize=15, fontweight="bold", x=0.02, ha="left")
    grid = figure.subplots(len(survival), 2, squeeze=False, width_ratios=(3, 2))
    for number, ((left, right), curve, found) in enumerate(zip(grid, survival, reasons, strict=True), start=1):
        left.plot([0, *times], [1, *typical], color=QUIET, linewidth=1.4, linestyle=DASHED, label="typical patient")
        left.plot([0, *times], [1, *curve], color=COLOURS[0], linewidth=2.4, label=f"patient {number}")
        left.set(ylim=(0, 1.02), ylabel="event-free (%)")
        left.yaxis.set_major_formatter(PercentFormatter(1))
        left.legend(loc="lower left", fontsize=9.5)
        _contributions(right, found)
    grid[-1][0].set_xlabel("years")
    grid[-1][1].set_xlabel("factor on the hazard")
    return figure


def _contributions(axes: Axes, found: Sequence[Contribution]) -> None:
    """Bars to the right of 1 raise the hazard, to the left lower it."""
    logs = np.log([one.factor for one in found])
    places = np.arange(len(found))
    axes.barh(places, logs, color=[COLOURS[1] if log > 0 else COLOURS[2] for log in logs], height=0.7)
    names = [f"{shortened(one.feature, 14)} = {_value(one.value)}" for one in found]
    axes.set_yticks(places, names, fontsize=9.5)
    reach = max(float(np.abs(logs).max(initial=0.0)), 0.1) * 1.5
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


def _steps(curve: Curve, end: float) -> list[np.ndarray]:
    """Time, survival and bounds from 0 to `end`."""
    inside = curve.time <= end
    parts = [part[inside] for part in (curve.survival, curve.low, curve.high)]
    levels = [np.concatenate([[1.0], part, part[-1:] if len(part) else [1.0]]) for part in parts]
    return [np.concatenate([[0.0], curve.time[inside], [end]]), *levels]


def _numbers_at_risk(axes: Axes, curves: Sequence[Curve], years: Sequence[float]) -> None:
    axes.set_axis_off()
    axes.set(ylim=(len(curves) + 0.2, -1.4))
    axes.text(-0.15, -0.8, "number at risk, by year", fontsize=10.5, color=QUIET_INK)
    for place, curve in enumerate(curves):
        for year, count in zip(years, curve.at_risk, strict=True):
            axes.text(year, place + 0.2, f"{count:,}", color=COLOURS[place % len(COLOURS)], ha="center", fontsize=10)


def _share_axes(axes: Axes, *, x: str, y: str, x_end: float, y_end: float) -> None:
    axes.set(xlabel=x, ylabel=y, xlim=(-0.01 * x_end, 1.01 * x_end), ylim=(-0.01 * y_end, 1.01 * y_end))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1))


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{share:.0%}"


def _value(value: Any) -> str:
    return "missing" if value is None else f"{value:g}" if isinstance(value, float) else shortened(str(value), 12)
