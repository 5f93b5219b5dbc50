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
    HALO,
    INK,
    QUIET,
    QUIET_INK,
    axis_limit,
    new_figure,
    shortened,
    small_print,
    styled,
    title_over_all,
)
from components.evaluation.presentation.labels import End, name_ends
from components.kits.survival.report.calibration import Reliability
from components.kits.survival.report.groups import Curve

PREDICTED, OBSERVED = 0.22, 0.78  # of the width beside subgroups: where the two columns stand


@styled
def kaplan_meier(
    title: str,
    curves: Sequence[Curve],
    years: Sequence[float],
    predicted: np.ndarray,
    times: np.ndarray,
    unit: str = "years",
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
    axes.set(ylabel="event-free (%)", xlabel=unit, ylim=(0, 1.02), xlim=(-0.03 * end, 1.02 * end))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.tick_params(labelbottom=True)
    axes.legend(loc="lower left")
    _numbers_at_risk(below, curves, years, unit)
    read = (
        "Groups by the predicted risk. Steps: Kaplan and Meier's survival with its bounds; dashed: the mean prediction."
    )
    small_print(figure, read)
    return figure


@styled
def calibration(
    title: str,
    panels: Mapping[str, Mapping[str, Reliability]],
    *,
    confidence: float,
    estimate: str = "1 - Kaplan and Meier's survival",
    x: str = "predicted risk by {}",
) -> Figure:
    """A panel a horizon, or whatever its name in `x` says: observed risk with bounds against the prediction, for each
    series; the first is served.
    """
    figure = new_figure(height=5.4)
    title_over_all(figure, title)
    everywhere = [one for panel in panels.values() for one in panel.values()]
    limit = axis_limit(max(float(max(one.high.max(), one.predicted.max())) for one in everywhere if len(one.high)))
    for axes, (horizon, series) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        axes.axline((0, 0), (1, 1), color=QUIET_INK, linewidth=1, linestyle=DASHED)
        for place, (name, one) in enumerate(series.items()):
            colour = COLOURS[place % len(COLOURS)]
            # The others have hollow marks and no line: where nothing changed they lie around those of the first.
            look: dict[str, Any] = {"markersize": 10, "markerfacecolor": "none", "linestyle": "none", "zorder": 3}
            if place == 0:
                bars = [one.observed - one.low, one.high - one.observed]
                axes.errorbar(one.predicted, one.observed, yerr=bars, fmt="none", ecolor=colour, alpha=0.5)
                look = {"linewidth": 2.2, "markersize": 6}
            axes.plot(one.predicted, one.observed, marker="o", color=colour, label=name, **look)
        _share_axes(axes, x=x.format(horizon), y="observed risk", x_end=limit, y_end=limit)
        if len(panels) < 3 or axes is figure.axes[0]:  # there is no room in narrow ones
            axes.legend(loc="lower right" if len(panels) < 3 else "upper left", fontsize=10.5)
    bounds = f"Each dot is as many patients; observed: {estimate}, with {confidence:.0%} bounds."
    small_print(figure, bounds, "On the dashed diagonal the risk is as predicted; above it, higher.")
    return figure


@styled
def decision_curve(
    title: str,
    thresholds: np.ndarray,
    series: Mapping[str, np.ndarray],
    everybody: np.ndarray,
    *,
    threshold: float | None,
) -> Figure:
    """Net benefit (P,) over threshold risks (P,) of each series, of treating all, and of treating nobody.

    Below, what each has more or less than the first, which is served from `threshold`, where it decides.
    """
    figure = new_figure(height=8.0)
    axes, below = figure.subplots(2, sharex=True, height_ratios=(3, 2))
    axes.set_title(title)
    highest = max(0.01, *(float(np.nanmax(values)) for values in (*series.values(), everybody)))
    axes.plot(thresholds, 100 * everybody, color=QUIET, linewidth=1.4, label="treat all")
    axes.axhline(0, color=INK, linewidth=1.2, label="treat none")
    first = next(iter(series.values()))
    below.axhline(0, color=COLOURS[0], linewidth=2.4, zorder=9)
    for place, (name, values) in enumerate(series.items()):
        look: dict[str, Any] = {"linewidth": 2.4, "zorder": 9} if place == 0 else {"linewidth": 1.2}
        axes.plot(thresholds, 100 * values, color=COLOURS[place % len(COLOURS)], label=name, **look)
        if place:
            below.plot(thresholds, 100 * (values - first), color=COLOURS[place % len(COLOURS)], **look)
    axes.set(ylabel="net benefit\n(per 100 patients)", ylim=(-10 * highest, 108 * highest))
    below.set(xlabel="risk from which one would treat", ylabel="difference from served\n(per 100 patients)")
    below.xaxis.set_major_formatter(PercentFormatter(1))
    if threshold is not None:
        for panel in (axes, below):
            panel.axvline(threshold, color=COLOURS[0], linewidth=1, linestyle=DASHED)
        said: dict[str, Any] = {"xycoords": below.get_xaxis_transform(), "textcoords": "offset points", "ha": "right"}
        below.annotate(
            f"high risk from {threshold:.0%}", (threshold, 0.04), (-5, 0), fontsize=11, path_effects=HALO, **said
        )
    axes.legend(loc="upper right")
    read = "True positives less false ones, these weighed by the odds of the risk from which one would treat."
    small_print(figure, read)
    return figure


@styled
def auc_over_time(
    title: str,
    horizons: Sequence[float],
    series: Mapping[str, Sequence[Interval | None]],
    *,
    confidence: float,
    unit: str = "years",
) -> Figure:
    """Time-dependent AUC at each horizon (H,), with bounds for the first series; None leaves a gap."""
    figure = new_figure()
    axes = figure.subplots()
    axes.set_title(title)
    ends = []
    for place, (name, found) in enumerate(series.items()):
        colour = COLOURS[place % len(COLOURS)]
        value, low, high = (
            np.array([np.nan if one is None else getattr(one, part) for one in found])
            for part in ("value", "low", "high")
        )
        if place == 0:
            axes.fill_between(horizons, low, high, color=colour, alpha=0.15, linewidth=0)
        look: dict[str, Any] = {"linewidth": 2.6, "zorder": 9} if place == 0 else {"linewidth": 1.4}
        axes.plot(horizons, value, marker="o", color=colour, **look)
        if len(known := np.flatnonzero(np.isfinite(value))):
            ends.append(End(horizons[known[-1]], float(value[known[-1]]), name, colour))
    axes.set(xlabel=unit, ylabel="AUC", xticks=list(horizons))
    axes.set_ylim(axes.get_ylim())
    name_ends(axes, ends)
    read = "How often, of two patients, the one with an event by then was told the higher risk; 0.5 is by chance."
    small_print(figure, read, f"Band: {confidence:.0%} bootstrap interval of the served model.")
    return figure


@styled
def by_subgroup(
    title: str,
    measure: str,
    tables: Mapping[str, Sequence[Mapping[str, Any]]],
    overall: float,
    estimate: str = "Kaplan and Meier",
) -> Figure:
    """The measure of each subgroup of `groups.subgroups`, below its column; groups that are too small say so."""
    shown = {column: [one for one in table if one["rows"]] for column, table in tables.items()}
    count = sum(len(table) + 1.4 for table in shown.values())
    figure = new_figure(height=max(5.0, 2.2 + 0.4 * count))
    axes, side = figure.subplots(1, 2, sharey=True, width_ratios=(5, 2))
    title_over_all(figure, title)
    axes.axvline(overall, color=COLOURS[0], linewidth=1.2, linestyle=DASHED)
    place, places, names = 0.0, [], []
    for column, table in shown.items():
        places.append(place)
        names.append(shortened(column, 24))
        for one in table:
            place += 1
            places.append(place)
            names.append(f"{one['group']}  (n {one['rows']:,}, events {one['events']:,})")
            _subgroup(axes, side, place, one)
        place += 1.4
    axes.set_yticks(places, names)
    for label, text in zip(axes.get_yticklabels(), names, strict=True):
        label.set_fontweight("bold" if text in tables else "normal")
    values = [overall, *(one["measure"] for table in shown.values() for one in table if one["measure"] is not None)]
    room = max(max(values) - min(values), 0.05)
    axes.set(xlabel=measure, ylim=(place - 0.6, -1.3), xlim=(min(values) - 0.15 * room, max(values) + 0.25 * room))
    side.set_axis_off()
    side.set_xlim(0, 1)
    for x, head in ((PREDICTED, "predicted\nrisk"), (OBSERVED, "observed\nrisk")):
        side.text(x, -0.6, head, color=QUIET_INK, ha="center", va="center", fontsize=10.5)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    read = f"Dashed: all patients, {overall:.3f}. Right: the mean predicted risk, and the one observed ({estimate})."
    small_print(figure, read)
    return figure


def _subgroup(axes: Axes, side: Axes, place: float, one: Mapping[str, Any]) -> None:
    """The dot of a group and, at its side, its risks."""
    if one["measure"] is None:
        axes.text(0.02, place, "too few", transform=axes.get_yaxis_transform(), va="center", color=QUIET_INK)
        return
    axes.plot(one["measure"], place, marker="o", markersize=8, color=COLOURS[0])
    text: dict[str, Any] = {"textcoords": "offset points", "va": "center", "fontsize": 10.5, "path_effects": HALO}
    axes.annotate(f"{one['measure']:.3f}", (one["measure"], place), (8, 0), **text)
    for x, share in ((PREDICTED, one["predicted"]), (OBSERVED, one["observed"])):
        side.text(x, place, _percent(share), ha="center", va="center", fontsize=10.5)


def _steps(curve: Curve, end: float) -> list[np.ndarray]:
    """Time, survival and bounds from 0 to `end`."""
    inside = curve.time <= end
    parts = [part[inside] for part in (curve.survival, curve.low, curve.high)]
    levels = [np.concatenate([[1.0], part, part[-1:] if len(part) else [1.0]]) for part in parts]
    return [np.concatenate([[0.0], curve.time[inside], [end]]), *levels]


def _numbers_at_risk(axes: Axes, curves: Sequence[Curve], years: Sequence[float], unit: str) -> None:
    axes.set_axis_off()
    axes.set(ylim=(len(curves) + 0.2, -1.4))
    axes.text(-0.03 * years[-1], -0.8, f"number at risk, by {unit.removesuffix('s')}", fontsize=10.5, color=QUIET_INK)
    for place, curve in enumerate(curves):
        for year, count in zip(years, curve.at_risk, strict=True):
            axes.text(year, place + 0.2, f"{count:,}", color=COLOURS[place % len(COLOURS)], ha="center", fontsize=10)


def _share_axes(axes: Axes, *, x: str, y: str, x_end: float, y_end: float) -> None:
    axes.set(xlabel=x, ylabel=y, xlim=(-0.01 * x_end, 1.01 * x_end), ylim=(-0.01 * y_end, 1.01 * y_end))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1))


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{share:.0%}"
