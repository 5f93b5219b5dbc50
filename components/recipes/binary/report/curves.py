"""ROC and precision over recall, and below each what sets the others apart from what is served.

The curves of good models cover each other: the panel below has their differences at the same false-positive rate or
recall, over a band of what the served curve itself might have been. `series` are those of `figures`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from sklearn import metrics as sk

from components.evaluation.bootstrap import Resampling, draw_counts
from components.evaluation.presentation.figures import (
    COLOURS,
    DASHED,
    HALO,
    INK,
    QUIET,
    QUIET_INK,
    axis_limit,
    new_figure,
    shown_percent,
    small_print,
    styled,
)
from components.recipes.binary.metrics.metrics import ap, auc
from components.recipes.binary.metrics.over_counts import cumulative
from components.recipes.binary.report.figures import LEAST_RECALL, Series, each, share_axes

POINTS = np.linspace(0, 1, 201)
HEIGHT = 8.6
MOST_RESAMPLES = 200  # of a band: more cannot be told apart in a picture


@dataclass(frozen=True)
class Threshold:
    """A score from which rows are declined, and how it is judged on the rows of a picture."""

    score: float
    bads: float
    goods: float
    precision: float

    @classmethod
    def of(cls, target: np.ndarray, score: np.ndarray, threshold: float) -> "Threshold":
        declined = score >= threshold
        hit = float((declined & (target == 1)).sum())
        bads, goods = hit / (target == 1).sum(), float((declined & (target == 0)).sum()) / (target == 0).sum()
        return cls(threshold, float(bads), float(goods), hit / declined.sum() if declined.any() else np.nan)


@styled
def roc(series: Series, *, threshold: float, resampling: Resampling) -> Figure:
    """Bads caught against goods turned away, with the mark of the threshold that serves."""
    figure, axes, below = _panels()
    axes.set_title("ROC: bads caught against goods turned away")
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=1, linestyle=DASHED)
    axes.text(0.5, 0.46, "by chance", color=QUIET_INK)
    for name, target, score, look in each(series):
        goods, bads, _ = sk.roc_curve(target, score)
        axes.plot(goods, bads, label=f"{name}: AUC {auc(target, score):.3f}", **look)
    one = Threshold.of(*next(iter(series.values())), threshold)
    caught = f"{shown_percent(one.bads)} of bads, {shown_percent(one.goods)} of goods"
    _mark(axes, (one.goods, one.bads), f"declined from {shown_percent(one.score)}:\n{caught}")
    share_axes(axes, x="", y="bads declined (% of bads)")
    axes.legend(loc="lower right")
    _differences(below, series, _bads_at, POINTS, resampling)
    _difference_axes(below, x="goods declined (% of goods)", mark=one.goods)
    _how_to_read(figure, resampling, "share of goods declined")
    return figure


@styled
def precision_recall(series: Series, *, threshold: float, resampling: Resampling) -> Figure:
    """Precision as the threshold falls and recall rises."""
    figure, axes, below = _panels()
    axes.set_title("Precision and recall as the threshold falls")
    highest = 0.0
    for name, target, score, look in each(series):
        precision, recall, _ = sk.precision_recall_curve(target, score)
        axes.step(recall, precision, where="post", label=f"{name}: AP {ap(target, score):.3f}", **look)
        highest = max(highest, precision[recall >= LEAST_RECALL].max())
    target, score = next(iter(series.values()))
    rate, one = np.mean(target), Threshold.of(target, score, threshold)
    axes.axhline(rate, color=QUIET_INK, linewidth=1, linestyle=DASHED)
    axes.annotate(
        f"everyone declined: {shown_percent(rate)}", (0, rate), (4, 5), textcoords="offset points", color=QUIET_INK
    )
    share_axes(axes, x="", y="bads (% of declined)", y_end=axis_limit(highest))
    told = f"declined from {shown_percent(one.score)}:\n{shown_percent(one.precision)} of declined are bad"
    _mark(axes, (one.bads, one.precision), told)
    axes.legend(loc="best")
    _differences(below, series, _precision_at, POINTS[POINTS >= LEAST_RECALL], resampling)
    _difference_axes(below, x="bads declined (% of bads)", mark=one.bads)
    _how_to_read(figure, resampling, "share of bads declined")
    return figure


def _panels() -> tuple[Figure, Axes, Axes]:
    figure = new_figure(height=HEIGHT)
    axes, below = figure.subplots(2, sharex=True, height_ratios=(5, 3))
    return figure, axes, below


def _mark(axes: Axes, place: tuple[float, float], told: str) -> None:
    """Where the threshold is on a curve, and what it does, where there is most room."""
    axes.plot(
        *place, marker="o", markersize=10, color=COLOURS[0], markeredgecolor="white", markeredgewidth=1.5, zorder=12
    )
    right = place[0] < 0.5
    axes.annotate(
        told,
        place,
        (14 if right else -14, -12),
        textcoords="offset points",
        ha="left" if right else "right",
        va="top",
        color=INK,
        fontsize=11,
        path_effects=HALO,
        zorder=12,
    )


def _differences(
    axes: Axes,
    series: Series,
    at: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    places: np.ndarray,
    resampling: Resampling,
) -> None:
    """What each of the others has more or less than the first, at the places (P,), over the first's own bounds."""
    rows = list(each(series))
    _, target, score, first = rows[0]
    served = at(*cumulative(target, score, np.ones((1, len(target)))), places)[0]
    resamples = min(MOST_RESAMPLES, resampling.resamples)
    draws = draw_counts(len(target), resamples=resamples, seed=resampling.seed)
    drawn = np.concatenate([at(*_of_both(*cumulative(target, score, counts)), places) for counts in draws])
    outside = (1 - resampling.confidence) / 2
    low, high = np.nanquantile(drawn, [outside, 1 - outside], axis=0) - served
    axes.fill_between(places, low, high, color=COLOURS[5], alpha=0.22, linewidth=0)
    axes.axhline(0, **first)
    for _, target, score, look in rows[1:]:
        axes.plot(places, at(*cumulative(target, score, np.ones((1, len(target)))), places)[0] - served, **look)


def _of_both(bads: np.ndarray, goods: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The resamples (of R) in which there are both; of one class there is no curve."""
    both = (bads[:, -1] > 0) & (goods[:, -1] > 0)
    return bads[both], goods[both]


def _difference_axes(axes: Axes, *, x: str, mark: float) -> None:
    share_axes(axes, x=x, y="difference from served\n(percentage points)")
    drawn = [np.asarray(line.get_ydata(), dtype=np.float64) for line in axes.lines[1:]]
    reach = 1.15 * max(0.02, *(float(np.nanmax(np.abs(one))) for one in drawn)) if drawn else 0.02
    axes.set_ylim(-reach, reach)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:+.3g}" if value else "0"))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.axvline(mark, color=COLOURS[0], linewidth=1, linestyle=DASHED)


def _how_to_read(figure: Figure, resampling: Resampling, same: str) -> None:
    band = f"Band: {resampling.confidence:.0%} bootstrap interval of the served curve"
    note = f"Below: what each has more (+) or less than the served model at the same {same}."
    small_print(figure, f"{band}; dashed: where it serves.", note)


def _bads_at(bads: np.ndarray, goods: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Shares of bads (R, P) declined where the places (P,) are shares of goods, of cumulative counts (R, K)."""
    pairs = zip(_from_none(goods), _from_none(bads), strict=True)
    return np.array([np.interp(places, good, bad) for good, bad in pairs]).reshape(-1, len(places))


def _precision_at(bads: np.ndarray, goods: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Precision (R, P) of the highest threshold that reaches each share (P,) of bads."""
    found = []
    for bad, good in zip(bads, goods, strict=True):
        reached = np.minimum(np.searchsorted(bad / bad[-1], places - 1e-9), len(bad) - 1)
        found.append(bad[reached] / (bad[reached] + good[reached]))
    return np.array(found).reshape(-1, len(places))


def _from_none(counts: np.ndarray) -> np.ndarray:
    """Cumulative counts (R, K) as shares (R, K + 1) from 0 on."""
    return np.pad(counts / counts[:, -1:], ((0, 0), (1, 0)))
