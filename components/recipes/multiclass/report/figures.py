"""Pictures of answers to rows of several classes."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from components.core.results import Interval
from components.evaluation.presentation import slices as picture
from components.evaluation.presentation.figures import (
    COLOURS,
    DASHED,
    INK,
    QUIET_INK,
    axis_limit,
    new_figure,
    shortened,
    shown_percent,
    small_print,
    styled,
    title_over_all,
)
from components.kits.tables.learning.reliability import reliability, share_axes
from components.recipes.multiclass.report.classes import Counts

Look: TypeAlias = dict[str, Any]

MOST_CLASSES = 20  # of a picture of confusion
MOST_PANELS = 8  # classes of the picture of calibration
LEGIBLE = 12  # classes whose cells have room for counts


@styled
def confusion(counts: Counts) -> Figure:
    """What is answered to the rows of each class, as shares of it; the commonest classes where there are many."""
    shown = _commonest(counts, MOST_CLASSES)
    matrix, names = counts.matrix[np.ix_(shown, shown)], [shortened(counts.classes[place], 14) for place in shown]
    shares = matrix / np.maximum(counts.rows[shown], 1)[:, None]
    size = len(shown)
    figure = new_figure(height=3.0 + 0.42 * max(size, 4))
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for place, other in np.ndindex(shares.shape) if size <= LEGIBLE else ():
        said = f"{matrix[place, other]:,}\n{shown_percent(float(shares[place, other]))}"
        colour = "white" if shares[place, other] > 0.55 else INK
        axes.text(other, place, said, ha="center", va="center", fontsize=10, color=colour)
    axes.set_xticks(range(size), names, rotation=0 if size <= 6 else 45, ha="center" if size <= 6 else "right")
    axes.set_yticks(
        range(size), [f"{name}  (n {counts.rows[place]:,})" for name, place in zip(names, shown, strict=True)]
    )
    axes.set(xlabel="answered", ylabel="true class")
    axes.grid(visible=False)
    right = counts.matrix.trace() / counts.matrix.sum()
    title_over_all(figure, f"Answers by class: {shown_percent(float(right))} of the rows answered rightly")
    few = "" if size == len(counts.classes) else f" The {size} commonest of {len(counts.classes)} classes."
    small_print(figure, f"Each row of the picture is all test rows of a class; darker: a larger share of them.{few}")
    return figure


@styled
def calibration(counts: Counts, target: np.ndarray, score: np.ndarray, *, bins: int, confidence: float) -> Figure:
    """Reliability of what is answered, then of each class's probability, in bins of equal mass with Wilson bounds."""
    shown = _commonest(counts, MOST_PANELS)
    right = (score.argmax(axis=1) == target).astype(np.float64)
    panels = [("what is answered", right, score.max(axis=1))]
    panels += [(counts.classes[place], (target == place).astype(np.float64), score[:, place]) for place in shown]
    lines = -(-len(panels) // 3)
    figure = new_figure(height=1.6 + 2.5 * lines)
    drawn = np.atleast_1d(figure.subplots(lines, min(3, len(panels)), squeeze=False)).ravel()
    for place, (axes, (name, true, told)) in enumerate(zip(drawn, panels, strict=False)):
        _reliability(axes, name, true, told, bins, confidence, COLOURS[0] if place == 0 else COLOURS[2])
    for axes in drawn[len(panels) :]:
        axes.remove()
    figure.supylabel("what happened (% of bin)", fontsize=12)
    title_over_all(figure, "Calibration: what was predicted, what happened")
    few = "" if len(shown) == len(counts.classes) else f" The {len(shown)} commonest of {len(counts.classes)} classes."
    bounds = f"A dot is one of {bins} bins of equal mass; bars: {confidence:.0%} Wilson bounds.{few}"
    small_print(figure, bounds, "On the dashed diagonal as many are of the class as its probability says.")
    return figure


def _reliability(
    axes: Axes, name: str, true: np.ndarray, told: np.ndarray, bins: int, confidence: float, colour: str
) -> None:
    mean, rate, low, high = reliability(true, told, bins, confidence)
    limit = axis_limit(max(mean.max(), rate.max(), high.max()))
    axes.axline((0, 0), (1, 1), color=QUIET_INK, linewidth=1, linestyle=DASHED)
    axes.errorbar(mean, rate, yerr=[rate - low, high - rate], fmt="none", ecolor=colour, elinewidth=1.4, alpha=0.5)
    axes.plot(mean, rate, marker="o", markersize=5, color=colour, linewidth=1.8)
    share_axes(axes, x="predicted", y="", x_end=limit, y_end=limit)
    axes.set_title(shortened(name, 22), fontsize=12.5, pad=6)
    axes.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    axes.tick_params(labelsize=9.5)


@styled
def by_class(
    counts: Counts, judged: Mapping[str, Mapping[str, Interval]], *, confidence: float, minimum: int
) -> Figure:
    """F1 of each class, of who serves with its interval and of the others; `judged` are metrics by who was judged."""
    shown = _commonest(counts, MOST_CLASSES)
    figure = new_figure(height=2.4 + 0.5 * len(shown))
    axes = figure.subplots()
    served, *others = judged
    mark: Look = {"linestyle": "none", "marker": "|", "markersize": 11, "markeredgewidth": 2.2}
    looks = {other: {"color": COLOURS[number % len(COLOURS)], **mark} for number, other in enumerate(others, start=1)}
    for row, place in enumerate(shown):
        name = f"f1@{counts.classes[place]}"
        for other, look in looks.items():
            if (one := judged[other].get(name)) is not None:
                axes.plot(one.value, row + 0.22, **look)
        if (one := judged[served].get(name)) is not None:
            picture.point(axes, row, one)
    names = [f"{shortened(counts.classes[place], 22)}  (n {counts.rows[place]:,})" for place in shown]
    axes.set_yticks(range(len(shown)), names)
    axes.set(ylim=(len(shown) - 0.4, -0.6), xlim=(-0.01, 1.01), xlabel="F1 (1 is best)")
    axes.grid(visible=False, axis="y")
    handles = [Line2D([], [], linestyle="none", marker="o", color=COLOURS[0], label=served)]
    handles += [Line2D([], [], label=other, **look) for other, look in looks.items()]
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=4, columnspacing=1)
    title_over_all(figure, "How well each class is told from the others")
    rare = counts.rare(minimum)
    note = f"Rare, under {minimum} test rows: {', '.join(shortened(name, 20) for name in rare[:6])}." if rare else ""
    small_print(figure, f"Lines: {confidence:.0%} bootstrap intervals over rows of the served model.", note)
    return figure


def _commonest(counts: Counts, most: int) -> Sequence[int]:
    """The places of the classes with most rows, in the classes' order."""
    return sorted(np.argsort(-counts.rows, kind="stable")[:most].tolist())
