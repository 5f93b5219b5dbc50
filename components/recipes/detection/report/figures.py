"""Pictures of a detector: its boxes over images, and what they amount to.

`least` (C,) are the confidences from which boxes are served, in the order of `classes`.
"""

import textwrap
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator, PercentFormatter

from components.evaluation.presentation import slices as picture
from components.evaluation.presentation.figures import (
    COLOURS,
    DASHED,
    HALO,
    INK,
    QUIET,
    QUIET_INK,
    new_figure,
    shortened,
    small_print,
    styled,
    title_over_all,
)
from components.evaluation.presentation.labels import GAP, End, name_ends
from components.evaluation.slices import Slice, Slices
from components.recipes.detection.metrics.accumulate import average_precision
from components.recipes.detection.metrics.froc import RATES, Froc
from components.recipes.detection.metrics.matching import HALF, Matches
from components.recipes.detection.report.slices import SENSITIVITY

COLUMNS = 2  # of count panels, at most
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)  # marked on axes of counts


@styled
def precision_recall(matches: Matches, classes: Sequence[str], least: np.ndarray) -> Figure:
    """Of each class at IoU 0.5, with a mark where it is served; classes without a true box are left out."""
    figure = new_figure()
    axes = figure.subplots()
    average = average_precision(matches, np.ones((1, len(matches.true))))[0, :, HALF]
    for name, (recall, precision) in precision_and_recall(matches, classes).items():
        label = classes.index(name)
        colour = COLOURS[label % len(COLOURS)]
        text = f"{shortened(name, 24)}: AP {average[label]:.3f}"
        served = int((matches.confidence[matches.label == label] >= least[label]).sum())
        if served:
            place = (recall[served - 1], precision[served - 1])
            axes.plot(*place, marker="o", markersize=9, color=colour, markeredgecolor="white", zorder=9)
            text += f"; served from {least[label]:.2f}: {place[0]:.1%} found, {place[1]:.1%} right"
        axes.plot(recall, precision, color=colour, linewidth=2.2, label=text)
    axes.set(
        xlim=(0, 1.01), ylim=(0, 1.02), xlabel="boxes found (recall)", ylabel="detections that are right (precision)"
    )
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_title("Precision and recall at IoU 0.5")
    axes.legend(loc="lower left")
    small_print(figure, "As the confidence falls from which boxes are answered; a dot is where a class is served.")
    return figure


def precision_and_recall(matches: Matches, classes: Sequence[str]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Recall and precision at IoU 0.5 (D,) of each class that has a true box, as its confidence falls."""
    found = {}
    for label, name in enumerate(classes):
        if (there := matches.true[:, label].sum()) > 0:
            mine = matches.label == label
            hits = np.cumsum(matches.hit[HALF][mine])
            found[name] = (hits / there, hits / np.arange(1, mine.sum() + 1))
    return found


@styled
def froc_curves(curves: Mapping[str, Froc]) -> Figure:
    """Sensitivity against false detections an image, of each by name: the first is the one it is about."""
    figure = new_figure()
    axes = figure.subplots()
    ends = []
    for place, (name, one) in enumerate(curves.items()):
        # A step before the first false detection, and one to the edge: neither is drawn by the points alone.
        rate = np.concatenate([[RATES[0] / 2], np.maximum(one.false_per_image, RATES[0] / 2), [2 * RATES[-1]]])
        share = np.concatenate([[0.0], one.sensitivity, one.sensitivity[-1:] if len(one.sensitivity) else [0.0]])
        look: dict[str, Any] = {"linewidth": 2.8, "zorder": 9} if place == 0 else {"linewidth": 1.6}
        colour = COLOURS[place % len(COLOURS)]
        axes.step(rate, share, where="post", color=colour, **look)
        edge = RATES[-1] * 1.3
        said = textwrap.fill(f"{name} ({one.at_rates.mean():.3f})", 24)
        ends.append(End(edge, float(share[np.searchsorted(rate, edge, side="right") - 1]), said, colour))
        axes.plot(RATES, one.at_rates, linestyle="none", marker="o", markersize=6, color=colour)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator([*RATES]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda rate, _: f"1/{round(1 / rate)}" if rate < 1 else f"{rate:g}"))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set(xlim=(RATES[0] / 1.3, RATES[-1] * 1.3), ylim=(0, 1.02))
    axes.set(xlabel="false detections an image (logarithmic)", ylabel="boxes found")
    axes.set_title("FROC: boxes found for so many false ones an image")
    name_ends(axes, ends, gap=2 * GAP)
    small_print(figure, "At IoU 0.5. In brackets: the mean of what is found at the seven marked rates.")
    return figure


@styled
def counts(true: np.ndarray, found: np.ndarray, classes: Sequence[str]) -> Figure:
    """How many boxes too many or too few are counted in each image (N, C), by how many there are (N, C), by class."""
    columns = min(COLUMNS, len(classes))
    rows = -(-len(classes) // columns)
    figure = new_figure(height=1.6 + (4.4 if columns == 1 else 3.4) * rows)
    panels = np.atleast_1d(figure.subplots(rows, columns, squeeze=False)).ravel()
    for label, name in enumerate(classes):
        _count_panel(panels[label], true[:, label], found[:, label], shortened(name, 24), COLOURS[label % len(COLOURS)])
    for axes in panels[len(classes) :]:
        axes.remove()
    title_over_all(figure, "How far the count of an image is off")
    small_print(figure, "A dot is an image, a larger one several; on the dashed line the count is right. Logarithmic.")
    return figure


def _count_panel(axes: Axes, true: np.ndarray, found: np.ndarray, name: str, colour: str) -> None:
    axes.axhline(0, color=QUIET, linewidth=1, linestyle=DASHED)
    pairs, times = np.unique(np.stack([true, found - true], axis=1), axis=0, return_counts=True)
    # Images of the same two counts lie on one point: its area says how many.
    axes.scatter(pairs[:, 0], pairs[:, 1], s=22 * times, color=colour, alpha=0.6, linewidth=0, clip_on=False)
    axes.set_xscale("symlog", linthresh=10)
    axes.set_yscale("symlog", linthresh=2)
    top, reach = max(1, true.max(initial=0)), max(2, np.abs(found - true).max(initial=0))
    axes.set(xlim=(-0.5, 1.25 * top), ylim=(-1.4 * reach, 1.4 * reach))
    axes.set(xlabel="boxes there", ylabel="counted too many or too few")
    axes.xaxis.set_major_locator(FixedLocator([0, *(one for one in STEPS if one <= top)]))
    axes.yaxis.set_major_locator(FixedLocator([sign * one for one in (0, *STEPS) if one <= reach for sign in (-1, 1)]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:+g}" if value else "0"))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(NullLocator())
    off = np.abs(true - found).mean()
    axes.set_title(f"{name}: off by {off:.2f} of {true.mean():.1f}", fontsize=12.5, pad=8)


@styled
def confusion(matrix: np.ndarray, classes: Sequence[str]) -> Figure:
    """`outcomes.confusion`: rows the true class, columns the detected one, the last of each for none."""
    figure = new_figure(height=2.4 + 0.8 * len(matrix))
    axes = figure.subplots()
    # Detections where nothing is are no share of anything: their row is pale.
    whole = matrix.sum(axis=1, keepdims=True)
    whole[-1] = max(1, matrix.sum())
    shares = matrix / np.maximum(whole, 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for row, column in np.ndindex(matrix.shape):
        if row == column == len(classes):
            continue  # background found as background is not counted
        colour = "white" if shares[row, column] > 0.55 else INK
        axes.text(column, row, f"{matrix[row, column]:,}", ha="center", va="center", color=colour)
    names = [shortened(name, 20) for name in classes]
    axes.set_xticks(range(len(matrix)), [*names, "missed"])
    axes.set_yticks(range(len(matrix)), [*names, "nothing there"])
    axes.set(xlabel="detected as", ylabel="true class")
    axes.text(len(classes), len(classes), "not counted", ha="center", va="center", color=QUIET_INK, fontsize=10.5)
    axes.grid(visible=False)
    title_over_all(figure, "What was found, missed and made up")
    small_print(figure, "Boxes at IoU 0.5 and the confidence that serves; the darker, the larger the share of a class.")
    return figure


@styled
def slices(tables: Slices, *, overall: float, confidence: float, minimum: int) -> Figure:
    """The sensitivity in every slice of every table (such as "class"), beside that of all boxes."""
    picture.check(tables)
    figure = new_figure(height=1.9 + 0.4 * sum(len(parts) + 1.4 for parts in tables.values()))
    axes = figure.subplots()
    axes.axvline(overall, color=COLOURS[0], linewidth=1.2, linestyle=DASHED)
    draw = partial(_slice, axes, minimum)
    picture.lines(axes, tables, gap=1.4, counted=lambda one: f"n {one.counts['boxes']:,}", draw=draw)
    lows = [one.metrics[SENSITIVITY].low for part in tables.values() for one in part if one.sufficient]
    least = max(0.0, 1 - 1.25 * (1 - min([overall, *lows])))  # as much as there is to see, and the end at 1
    axes.set(xlim=(least, 1 + 0.14 * (1 - least)), xlabel=f"boxes found, {confidence:.0%} intervals over images")
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    title_over_all(figure, "How many of the boxes are found, by group")
    small_print(figure, f"Dashed: of all boxes, {overall:.1%}. The axis does not start at 0.")
    return figure


def _slice(axes: Axes, minimum: int, place: float, one: Slice) -> None:
    if not one.sufficient:
        picture.insufficient(axes, place, f"fewer than {minimum} boxes, or one image")
        return
    found = one.metrics[SENSITIVITY]
    picture.point(axes, place, found)
    look: dict[str, Any] = {"textcoords": "offset points", "va": "center", "fontsize": 10.5, "path_effects": HALO}
    axes.annotate(f"{found.value:.1%}", (found.high, place), (6, 0), **look)
