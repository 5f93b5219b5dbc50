"""Pictures of a score for a binary outcome: 1 is the positive class, a higher score means more likely.

`series` maps a name to its target (N,) of 0 and 1 and score (N,). The first series is the one the
picture is about; the others are drawn thinner, for comparison.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from components.core.errors import CasebookError
from components.evaluation.presentation.figures import (
    COLOURS,
    DASHED,
    HALO,
    INK,
    QUIET_INK,
    axis_limit,
    new_figure,
    shown_percent,
    small_print,
    styled,
)
from components.kits.tables.learning.reliability import reliability, share_axes
from components.recipes.binary.metrics.metrics import ks
from components.recipes.binary.metrics.over_counts import cumulative
from components.recipes.binary.metrics.rows import checked, has_both_classes
from components.recipes.binary.report.outcome import Outcome

Series: TypeAlias = Mapping[str, tuple[np.ndarray, np.ndarray]]
Look: TypeAlias = dict[str, Any]

NEGATIVE, POSITIVE = COLOURS[0], COLOURS[1]
HISTOGRAM_BINS = 40
LEAST_RECALL = 0.05  # before it, precision rests on a handful of rows


@styled
def calibration(series: Series, *, outcome: Outcome, bins: int, confidence: float, threshold: float) -> Figure:
    """Reliability in equal-mass bins, with Wilson bounds, over the first score's histogram and the threshold."""
    figure = new_figure(height=7.2)
    axes, below = figure.subplots(2, sharex=True, height_ratios=(4, 1))
    axes.set_title("Calibration: what was predicted, what happened")
    axes.axline((0, 0), (1, 1), color=QUIET_INK, linewidth=1, linestyle=DASHED, label="as predicted")
    largest = 0.0
    for place, (name, target, score, look) in enumerate(each(series)):
        mean, rate, low, high = reliability(target, score, bins, confidence)
        if place == 0:
            bars = [rate - low, high - rate]
            axes.errorbar(mean, rate, yerr=bars, fmt="none", ecolor=look["color"], elinewidth=1.6, alpha=0.5, zorder=8)
        axes.plot(mean, rate, marker="o", markersize=7 if place == 0 else 3.5, label=name, **look)
        largest = max(largest, mean.max(), rate.max(), high.max() if place == 0 else 0)
    limit = axis_limit(largest)
    share_axes(axes, x="", y=f"{outcome.positive} (% of bin)", x_end=limit, y_end=limit)
    axes.legend(loc="upper left")
    _, target, score, _ = next(each(series))
    _histogram(below, target, score, limit, outcome)
    below.axvline(threshold, color=INK, linewidth=1.2, linestyle=DASHED)
    below.annotate(
        outcome.decided_from(threshold),
        (threshold, 0.97),
        (5, 0),
        xycoords=below.get_xaxis_transform(),
        textcoords="offset points",
        va="top",
        fontsize=10.5,
    )
    bounds = f"A dot is one of {bins} bins of equal mass; bars: {confidence:.0%} Wilson bounds."
    read = f"On the dashed diagonal as many are {outcome.positive} as the score says; above it more are."
    small_print(figure, bounds, read)
    return figure


@styled
def ks_curve(series: Series, *, outcome: Outcome, threshold: float) -> Figure:
    """The share of each class at or above a score, highest score first, their widest gap, and the served threshold."""
    figure = new_figure()
    answered = f"answered {outcome.decided}"
    axes = share_axes(figure.subplots(), x=f"rows {answered}, highest score first (%)", y=f"{answered} (% of class)")
    _, target, score, _ = next(each(series))
    hits, others = (part[0] for part in cumulative(target, score, np.ones((1, len(target)))))
    reached, found, flagged = (hits + others) / len(target), hits / hits[-1], others / others[-1]
    for share, colour, label, level, offset in (
        (found, POSITIVE, outcome.positive, 0.8, (-9, 6)),
        (flagged, NEGATIVE, outcome.negative, 0.45, (9, -12)),
    ):
        axes.plot([0, *reached], [0, *share], color=colour, linewidth=2.4)
        place = (np.interp(level, share, reached), level)
        align = "right" if offset[0] < 0 else "left"
        axes.annotate(label, place, offset, textcoords="offset points", color=colour, ha=align, weight="bold")
    served = float((score >= threshold).mean())
    axes.axvline(served, color=INK, linewidth=1.2, linestyle=DASHED)
    widest = int(np.argmax(np.abs(found - flagged)))
    at, ends = reached[widest], (flagged[widest], found[widest])
    axes.plot([at, at], ends, color="black", linewidth=1.6, marker="_", markersize=10)
    axes.set_title(f"Separation of {outcome.negative} and {outcome.positive}: KS {ks(target, score):.3f}")
    said = f"as served: {shown_percent(served)} {outcome.decided}, from a score of {shown_percent(threshold)}"
    axes.annotate(said, (served, 0.12), (6, 0), textcoords="offset points", va="center", fontsize=11)
    highest = np.unique(score)[::-1]
    lines = [
        f"widest gap: {shown_percent(at)} {outcome.decided}, from a score of {shown_percent(highest[widest])}",
        *(f"{other}: KS {ks(*rows):.3f}" for other, rows in list(series.items())[1:]),
    ]
    axes.text(
        0.98, 0.03, "\n".join(lines), transform=axes.transAxes, ha="right", va="bottom", color=QUIET_INK, fontsize=11
    )
    return figure


@styled
def score_bands(table: pd.DataFrame, *, outcome: Outcome, threshold: float) -> Figure:
    """Share of positives in each band of `scorecard.score_bands`, its bounds, the mean prediction and the threshold."""
    figure = new_figure()
    axes = figure.subplots()
    axes.set_title(f"Share of {outcome.positive}, by band of the score")
    table = table[table["rows"] > 0]
    place, rate = np.arange(len(table)), table["bad_rate"]
    axes.bar(place, rate, color=NEGATIVE, width=0.78, alpha=0.85, label="observed, with bounds")
    bars = [rate - table["bad_rate_low"], table["bad_rate_high"] - rate]
    axes.errorbar(place, rate, yerr=bars, fmt="none", ecolor="black", elinewidth=1.3, capsize=3)
    mean: Look = {"linestyle": "none", "marker": "D", "markersize": 7, "color": POSITIVE, "markeredgecolor": "white"}
    axes.plot(place, table["mean_score"], label="predicted", **mean)
    # Above the bounds, and above the mark of the prediction where that lies higher.
    tops = np.maximum(table["bad_rate_high"], table["mean_score"])
    for x, value, top in zip(place, rate, tops, strict=True):
        look: Look = {"ha": "center", "weight": "bold", "fontsize": 11, "path_effects": HALO}
        axes.annotate(shown_percent(value), (x, top), (0, 6), textcoords="offset points", **look)
    _threshold_among(axes, table["low"].to_numpy(), table["high"].to_numpy(), threshold, outcome)
    bands = zip(table["low"], table["high"], table["rows"], strict=True)
    names = [f"{shown_percent(low)}\nto {shown_percent(high)}\nn {rows:,}" for low, high, rows in bands]
    axes.set_xticks(place, names, fontsize=9.5)
    axes.set(
        xlabel="band of the score, and its rows", ylabel=f"{outcome.positive} (% of band)", ylim=(0, 1.1 * tops.max())
    )
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(visible=False, axis="x")
    axes.legend(loc="upper left", labelcolor=INK)
    small_print(figure, "Bands hold as many held-out rows each. Diamonds on the bars: the score says what happens.")
    return figure


def each(series: Series) -> Iterator[tuple[str, np.ndarray, np.ndarray, Look]]:
    """Name, checked rows and line style of each series; later ones lie below the first."""
    for place, (name, rows) in enumerate(series.items()):
        target, score = checked(*rows)
        if not has_both_classes(target):
            raise CasebookError(f"figure: all {len(target)} targets of {name!r} are {target[0]:.0f}; it needs 0 and 1")
        first = {"linewidth": 2.6, "zorder": 9}
        other = {"linewidth": 1.3, "zorder": 5 - place / 100, "linestyle": "-" if place < len(COLOURS) else ":"}
        yield name, target, score, {"color": COLOURS[place % len(COLOURS)], **(first if place == 0 else other)}


def _threshold_among(axes: Axes, low: np.ndarray, high: np.ndarray, threshold: float, outcome: Outcome) -> None:
    """Between bands that stand side by side, as far into its band as the threshold is."""
    if not low[0] <= threshold <= high[-1]:
        return
    band = int(np.clip(np.searchsorted(low, threshold, side="right") - 1, 0, len(low) - 1))
    share = (threshold - low[band]) / (high[band] - low[band]) if high[band] > low[band] else 0.0
    place = band - 0.5 + min(1.0, share)
    axes.axvline(place, color=INK, linewidth=1.2, linestyle=DASHED)
    said = f"{outcome.decided_from(threshold)} "
    axes.text(place, 0.97, said, transform=axes.get_xaxis_transform(), ha="right", va="top", fontsize=11)


def _histogram(axes: Axes, target: np.ndarray, score: np.ndarray, limit: float, outcome: Outcome) -> None:
    parts = [score[target == 0], score[target == 1]]
    axes.hist(
        parts,
        bins=np.linspace(0, limit, HISTOGRAM_BINS + 1).tolist(),
        stacked=True,
        color=[NEGATIVE, POSITIVE],
        alpha=0.85,
    )
    axes.set(xlabel=outcome.score, ylabel="rows")
    axes.text(0.995, 0.92, outcome.negative, transform=axes.transAxes, ha="right", va="top", color=NEGATIVE)
    axes.text(0.995, 0.6, outcome.positive, transform=axes.transAxes, ha="right", va="top", color=POSITIVE)
