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
from components.kits.tables.learning.reliability import share_axes
from components.recipes.binary.metrics.metrics import ap, auc
from components.recipes.binary.metrics.over_counts import cumulative
from components.recipes.binary.report.figures import LEAST_RECALL, Series, each
from components.recipes.binary.report.outcome import Outcome

POINTS = np.linspace(0, 1, 201)
HEIGHT = 8.6
MOST_RESAMPLES = 200  # of a band: more cannot be told apart in a picture


@dataclass(frozen=True)
class Threshold:
    """A score, the shares of positives (`found`) and negatives (`flagged`) that reach it, and its precision."""

    score: float
    found: float
    flagged: float
    precision: float

    @classmethod
    def of(cls, target: np.ndarray, score: np.ndarray, threshold: float) -> "Threshold":
        over = score >= threshold
        hit = float((over & (target == 1)).sum())
        found, flagged = hit / (target == 1).sum(), float((over & (target == 0)).sum()) / (target == 0).sum()
        return cls(threshold, float(found), float(flagged), hit / over.sum() if over.any() else np.nan)


@styled
def roc(series: Series, *, outcome: Outcome, threshold: float, resampling: Resampling) -> Figure:
    """Share of positives found against share of negatives flagged, with the mark of the threshold that serves."""
    figure, axes, below = _panels()
    axes.set_title(f"ROC: {outcome.positive} found against {outcome.negative} flagged")
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=1, linestyle=DASHED)
    axes.text(0.5, 0.46, "by chance", color=QUIET_INK)
    for name, target, score, look in each(series):
        flagged, found, _ = sk.roc_curve(target, score)
        axes.plot(flagged, found, label=f"{name}: AUC {auc(target, score):.3f}", **look)
    one = Threshold.of(*next(iter(series.values())), threshold)
    shares = f"{shown_percent(one.found)} of {outcome.positive}, {shown_percent(one.flagged)} of {outcome.negative}"
    _mark(axes, (one.flagged, one.found), f"{outcome.decided_from(one.score)}:\n{shares}")
    share_axes(axes, x="", y=f"recall: {outcome.found}\n(% of {outcome.positive})")
    axes.legend(loc="lower right")
    _differences(below, series, _found_at, POINTS, resampling)
    _difference_axes(below, x=f"false positives: {outcome.flagged} (% of {outcome.negative})", mark=one.flagged)
    _how_to_read(figure, resampling, "false-positive rate")
    return figure


@styled
def precision_recall(series: Series, *, outcome: Outcome, threshold: float, resampling: Resampling) -> Figure:
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
    said = f"all rows answered {outcome.decided}: {shown_percent(rate)}"
    axes.annotate(said, (0, rate), (4, 5), textcoords="offset points", color=QUIET_INK)
    share_axes(
        axes,
        x="",
        y=f"precision: {outcome.positive}\n(% of rows answered {outcome.decided})",
        y_end=axis_limit(highest),
    )
    told = f"{outcome.decided_from(one.score)}:\n{shown_percent(one.precision)} of these are {outcome.positive}"
    _mark(axes, (one.found, one.precision), told)
    axes.legend(loc="best")
    _differences(below, series, _precision_at, POINTS[POINTS >= LEAST_RECALL], resampling)
    _difference_axes(below, x=f"recall: {outcome.found} (% of {outcome.positive})", mark=one.found)
    _how_to_read(figure, resampling, "recall")
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


def _of_both(positives: np.ndarray, negatives: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The resamples (of R) in which there are both; of one class there is no curve."""
    both = (positives[:, -1] > 0) & (negatives[:, -1] > 0)
    return positives[both], negatives[both]


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


def _found_at(positives: np.ndarray, negatives: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Shares of positives (R, P) where the places (P,) are shares of negatives, of cumulative counts (R, K)."""
    pairs = zip(_from_none(negatives), _from_none(positives), strict=True)
    return np.array([np.interp(places, flagged, found) for flagged, found in pairs]).reshape(-1, len(places))


def _precision_at(positives: np.ndarray, negatives: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Precision (R, P) of the highest threshold that reaches each share (P,) of positives."""
    found = []
    for hits, others in zip(positives, negatives, strict=True):
        reached = np.minimum(np.searchsorted(hits / hits[-1], places - 1e-9), len(hits) - 1)
        found.append(hits[reached] / (hits[reached] + others[reached]))
    return np.array(found).reshape(-1, len(places))


def _from_none(counts: np.ndarray) -> np.ndarray:
    """Cumulative counts (R, K) as shares (R, K + 1) from 0 on."""
    return np.pad(counts / counts[:, -1:], ((0, 0), (1, 0)))
