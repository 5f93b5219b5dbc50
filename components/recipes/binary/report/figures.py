"""Pictures of a score for a binary outcome: 1 is a bad payer, a higher score means more likely.

`series` maps a name to its target (N,) of 0 and 1 and score (N,). The first series is the one the
picture is about; the others are drawn thinner, for comparison.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter
from sklearn import metrics as sk

from components.core.errors import CasebookError
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
    shown_percent,
    styled,
)
from components.evaluation.presentation.shares import wilson
from components.recipes.binary.metrics.metrics import ap, auc, ks
from components.recipes.binary.metrics.over_counts import cumulative, mass_bins
from components.recipes.binary.metrics.rows import checked, has_both_classes
from components.recipes.binary.report.fairness import Comparison, Fairness

Series: TypeAlias = Mapping[str, tuple[np.ndarray, np.ndarray]]
Look: TypeAlias = dict[str, Any]

GOOD, BAD = COLOURS[0], COLOURS[1]
HISTOGRAM_BINS = 40
LEAST_RECALL = 0.05  # before it, precision rests on a handful of rows
EVERYONE: Look = {"marker": "o", "color": GOOD}
GOOD_PAYERS: Look = {"marker": "D", "color": COLOURS[2]}
TOO_FEW: Look = {"marker": "o", "color": "white", "markeredgecolor": QUIET}


@styled
def roc(series: Series) -> Figure:
    figure = new_figure()
    axes = _share_axes(figure.subplots(), x="goods declined (% of goods)", y="bads declined (% of bads)")
    axes.set_title("ROC: bads caught against goods turned away")
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=1, linestyle=DASHED)
    axes.text(0.5, 0.46, "by chance", color=QUIET_INK)
    for name, target, score, look in _each(series):
        goods, bads, _ = sk.roc_curve(target, score)
        axes.plot(goods, bads, label=f"{name}: AUC {auc(target, score):.3f}", **look)
    axes.legend(loc="lower right")
    return figure


@styled
def precision_recall(series: Series) -> Figure:
    figure = new_figure()
    axes = figure.subplots()
    axes.set_title("Precision and recall as the threshold falls")
    highest = 0.0
    for name, target, score, look in _each(series):
        precision, recall, _ = sk.precision_recall_curve(target, score)
        axes.step(recall, precision, where="post", label=f"{name}: AP {ap(target, score):.3f}", **look)
        highest = max(highest, precision[recall >= LEAST_RECALL].max())
    rate = np.mean(next(_each(series))[1])
    text = f"everyone declined: {shown_percent(rate)}"
    axes.axhline(rate, color=QUIET_INK, linewidth=1, linestyle=DASHED, label=text)
    x, y = "recall: bads declined (% of bads)", "precision: bads (% of declined)"
    _share_axes(axes, x=x, y=y, y_end=axis_limit(highest))
    axes.legend(loc="best")
    return figure


@styled
def calibration(series: Series, *, bins: int, confidence: float) -> Figure:
    """Reliability in equal-mass bins, with Wilson bounds, over the first score's histogram."""
    figure = new_figure()
    axes, below = figure.subplots(2, sharex=True, height_ratios=(4, 1))
    axes.set_title("Calibration: what was predicted, what happened")
    axes.axline((0, 0), (1, 1), color=QUIET_INK, linewidth=1, linestyle=DASHED, label="exact")
    largest = 0.0
    for place, (name, target, score, look) in enumerate(_each(series)):
        mean, rate, low, high = reliability(target, score, bins, confidence)
        if place == 0:
            bars = [rate - low, high - rate]
            axes.errorbar(mean, rate, yerr=bars, fmt="none", ecolor=look["color"], elinewidth=1.6, alpha=0.5, zorder=8)
        axes.plot(mean, rate, marker="o", markersize=7 if place == 0 else 3.5, label=name, **look)
        largest = max(largest, mean.max(), rate.max(), high.max() if place == 0 else 0)
    limit = axis_limit(largest)
    _share_axes(axes, x="", y="went bad (% of bin)", x_end=limit, y_end=limit)
    axes.legend(loc="best", title=f"{bins} bins of equal mass,\n{confidence:.0%} Wilson bounds", alignment="left")
    _, target, score, _ = next(_each(series))
    _histogram(below, target, score, limit)
    return figure


@styled
def ks_curve(series: Series) -> Figure:
    """The share of bads and of goods declined, highest score first, and their widest gap, for the first series."""
    figure = new_figure()
    axes = _share_axes(figure.subplots(), x="applicants declined, highest score first (%)", y="declined (% of class)")
    name, target, score, _ = next(_each(series))
    axes.set_title(f"Separation of goods and bads by {shortened(name, 30)}")
    bads, goods = (part[0] for part in cumulative(target, score, np.ones((1, len(target)))))
    declined, bads, goods = (bads + goods) / len(target), bads / bads[-1], goods / goods[-1]
    for share, colour, label, level, offset in (
        (bads, BAD, "bads", 0.55, (-9, 6)),
        (goods, GOOD, "goods", 0.45, (9, -12)),
    ):
        axes.plot([0, *declined], [0, *share], color=colour, linewidth=2.4)
        place = (np.interp(level, share, declined), level)
        align = "right" if offset[0] < 0 else "left"
        axes.annotate(label, place, offset, textcoords="offset points", color=colour, ha=align, weight="bold")
    widest = int(np.argmax(np.abs(bads - goods)))
    at, ends = declined[widest], (goods[widest], bads[widest])
    axes.plot([at, at], ends, color="black", linewidth=1.6, marker="_", markersize=10)
    where = f"{shown_percent(at)} declined, from score {shown_percent(np.unique(score)[::-1][widest])}"
    others = [f"{other}: KS {ks(*rows):.3f}" for other, rows in list(series.items())[1:]]
    axes.text(
        0.98, 0.03, "\n".join([where, *others]), transform=axes.transAxes, ha="right", va="bottom", color=QUIET_INK
    )
    above = (0.98, 0.045 + 0.042 * (1 + len(others)))
    axes.text(*above, f"KS {ks(target, score):.3f}", transform=axes.transAxes, ha="right", va="bottom", weight="bold")
    return figure


@styled
def score_bands(table: pd.DataFrame) -> Figure:
    """Bad rate of each band of `scorecard.score_bands`, with its bounds and the mean prediction."""
    figure = new_figure()
    axes = figure.subplots()
    axes.set_title("Bad rate by score band")
    table = table[table["rows"] > 0]
    place, rate = np.arange(len(table)), table["bad_rate"]
    axes.bar(place, rate, color=GOOD, width=0.78, alpha=0.85, label="observed, with bounds")
    bars = [rate - table["bad_rate_low"], table["bad_rate_high"] - rate]
    axes.errorbar(place, rate, yerr=bars, fmt="none", ecolor="black", elinewidth=1.3, capsize=3)
    mean: Look = {"linestyle": "none", "marker": "D", "markersize": 7, "color": BAD, "markeredgecolor": "white"}
    axes.plot(place, table["mean_score"], label="predicted", **mean)
    for x, value, top in zip(place, rate, table["bad_rate_high"], strict=True):
        text = shown_percent(value)
        axes.annotate(text, (x, top), (0, 4), textcoords="offset points", ha="center", weight="bold", fontsize=11)
    bands = zip(table["low"], table["high"], table["rows"], strict=True)
    names = [f"{shown_percent(low)}\nto {shown_percent(high)}\nn {rows:,}" for low, high, rows in bands]
    axes.set_xticks(place, names, fontsize=9.5)
    axes.set(xlabel="band: probability of going bad, and number of rows", ylabel="went bad (% of band)", ylim=(0, None))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(visible=False, axis="x")
    axes.legend(loc="upper left", labelcolor=INK)
    return figure


@styled
def fairness_by_group(report: Fairness) -> Figure:
    """Approval of everyone and of good payers in each group, with bounds; groups that are too small are hollow."""
    figure = new_figure(height=max(6.0, 2.0 + 0.62 * len(report.groups)))
    axes = figure.subplots()
    axes.set_title(f"Approval by {shortened(report.column, 40)}", pad=34)
    for place, group in enumerate(report.groups):
        _rate_with_bounds(axes, place - 0.14, group.approval_rate, group.approval_interval, EVERYONE)
        _rate_with_bounds(axes, place + 0.14, group.good_approval_rate, group.good_approval_interval, GOOD_PAYERS)
    names = [f"{shortened(group.name, 20)}\nn {group.rows:,}" for group in report.groups]
    axes.set_yticks(range(len(report.groups)), names)
    axes.set(xlim=(-0.01, 1.07), ylim=(len(report.groups) - 0.5, -0.5))
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(visible=False, axis="y")
    ratio = _stated("approval-rate ratio", report.approval_ratio)
    gap = _stated("gap of good payers", report.opportunity_gap)
    axes.set_xlabel("approved (% of group)")
    figure.supxlabel(f"{ratio}\n{gap}", fontsize=11.5)
    keys = {"everyone": EVERYONE, "good payers": GOOD_PAYERS, f"fewer than {report.minimum}": TOO_FEW}
    handles = [Line2D([], [], linestyle="none", markersize=8, label=label, **look) for label, look in keys.items()]
    axes.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(-0.02, 0.99), ncols=3, labelcolor=INK, columnspacing=1
    )
    return figure


def _each(series: Series) -> Iterator[tuple[str, np.ndarray, np.ndarray, Look]]:
    """Name, checked rows and line style of each series; later ones lie below the first."""
    for place, (name, rows) in enumerate(series.items()):
        target, score = checked(*rows)
        if not has_both_classes(target):
            raise CasebookError(f"figure: all {len(target)} targets of {name!r} are {target[0]:.0f}; it needs 0 and 1")
        first = {"linewidth": 2.6, "zorder": 9}
        other = {"linewidth": 1.3, "zorder": 5 - place / 100, "linestyle": "-" if place < len(COLOURS) else ":"}
        yield name, target, score, {"color": COLOURS[place % len(COLOURS)], **(first if place == 0 else other)}


def _share_axes(axes: Axes, *, x: str, y: str, x_end: float = 1.0, y_end: float = 1.0) -> Axes:
    axes.set(xlabel=x, ylabel=y, xlim=(-0.01 * x_end, 1.01 * x_end), ylim=(-0.01 * y_end, 1.01 * y_end))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1))
        axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    return axes


def reliability(target: np.ndarray, score: np.ndarray, bins: int, confidence: float) -> tuple[np.ndarray, ...]:
    """Mean score, bad rate and its Wilson bounds of each bin that has rows."""
    _, place, rows = np.unique(score, return_inverse=True, return_counts=True)
    bin_of_row = mass_bins(rows[None, :].astype(float), bins)[0][place]
    found = []
    for number in np.unique(bin_of_row):
        inside = bin_of_row == number
        bounds = wilson(int(target[inside].sum()), int(inside.sum()), confidence)
        assert bounds is not None
        found.append((score[inside].mean(), target[inside].mean(), bounds.low, bounds.high))
    return tuple(np.array(found).T)


def _histogram(axes: Axes, target: np.ndarray, score: np.ndarray, limit: float) -> None:
    parts = [score[target == 0], score[target == 1]]
    axes.hist(
        parts, bins=np.linspace(0, limit, HISTOGRAM_BINS + 1).tolist(), stacked=True, color=[GOOD, BAD], alpha=0.85
    )
    axes.set(xlabel="predicted probability of going bad", ylabel="rows")
    axes.text(0.995, 0.92, "goods", transform=axes.transAxes, ha="right", va="top", color=GOOD)
    axes.text(0.995, 0.6, "bads", transform=axes.transAxes, ha="right", va="top", color=BAD)


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
