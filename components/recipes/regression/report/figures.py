"""Pictures of a number that was told: beside the true one, and by how much it is off."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from components.evaluation.presentation.figures import (
    COLOURS,
    DASHED,
    INK,
    QUIET,
    QUIET_INK,
    new_figure,
    shortened,
    small_print,
    styled,
)
from components.recipes.regression.metrics.rows import ends, values

MOST_DOTS = 3_000  # more cannot be told apart in a picture
PARTS = 12  # of equally many rows, whose errors are summed up
LEAST_PART = 8  # rows of one
SKEWED = 20.0  # how many times the median the largest value is, where axes are logarithmic
INSIDE = (0.05, 0.95)  # quantiles of the errors of a part


@styled
def told_and_true(target: np.ndarray, answer: np.ndarray, *, name: str, coverage: float) -> Figure:
    """The true number of each of N rows over the one that was told, with intervals (N, 3); on the line both agree."""
    figure = new_figure()
    axes = figure.subplots()
    axes.set_title("What was told, and what was true")
    shown = dots(len(target))
    told, (low, high) = values(answer), ends(answer)
    outside = (target < low) | (target > high)
    for chosen, colour, label in (
        (~outside, COLOURS[0], "within its interval"),
        (outside, COLOURS[1], "outside"),
    ):
        rows = shown[chosen[shown]]
        axes.scatter(told[rows], target[rows], s=16, color=colour, alpha=0.6, linewidths=0, label=label)
    parts = _parts(np.argsort(told, kind="stable"))
    middle = [np.median(told[part]) for part in parts]
    for bound in (low, high):
        axes.plot(middle, [np.median(bound[part]) for part in parts], color=QUIET_INK, linewidth=1.4, linestyle=":")
    both = np.concatenate([told, target])
    ends_of_line = [both.min(), both.max()]
    axes.plot(ends_of_line, ends_of_line, color=INK, linewidth=1, linestyle=DASHED)
    if skewed(both):
        axes.set(xscale="log", yscale="log")
    axes.set(xlabel=f"{shortened(name, 40)}, told", ylabel=f"{shortened(name, 40)}, true")
    in_words(axes, x=True, y=True)
    axes.legend(loc="upper left", markerscale=1.6, labelcolor=INK)
    many = f"{len(shown):,} of {len(target):,} test rows, drawn by chance" if len(shown) < len(target) else "test rows"
    small_print(figure, f"Dots: {many}. Dashed: both agree. Dotted: the usual ends of the {coverage:.0%} intervals.")
    return figure


@styled
def errors_by_value(target: np.ndarray, answer: np.ndarray, *, name: str) -> Figure:
    """By how much the true number is above the one told, over what was told; the errors of parts below one another."""
    figure = new_figure(height=7.2)
    axes, below = figure.subplots(2, height_ratios=(3, 1.4))
    axes.set_title("Errors, by what was told")
    told = values(answer)
    error = target - told
    shown = dots(len(target))
    axes.scatter(told[shown], error[shown], s=12, color=COLOURS[5], alpha=0.5, linewidths=0)
    axes.axhline(0, color=INK, linewidth=1, linestyle=DASHED)
    parts = _parts(np.argsort(told, kind="stable"))
    middle = np.array([np.median(told[part]) for part in parts])
    low, mid, high = (np.array([np.quantile(error[part], q) for part in parts]) for q in (INSIDE[0], 0.5, INSIDE[1]))
    axes.plot(middle, mid, color=COLOURS[0], linewidth=2.4, marker="o", markersize=5, label="median")
    axes.fill_between(middle, low, high, color=COLOURS[0], alpha=0.18, linewidth=0, label="nine in ten")
    reach = np.quantile(np.abs(error), 0.995) or 1.0
    axes.set(xlabel=f"{shortened(name, 40)}, told", ylabel="true less told", ylim=(-1.1 * reach, 1.1 * reach))
    if skewed(told):
        axes.set(xscale="log")
    in_words(axes, x=True, y=True)
    axes.legend(loc="upper left", labelcolor=INK)
    below.hist(np.clip(error, -1.1 * reach, 1.1 * reach), bins=60, color=COLOURS[0], alpha=0.85)
    below.axvline(0, color=INK, linewidth=1, linestyle=DASHED)
    below.set(xlabel="true less told", ylabel="rows")
    in_words(below, x=True, y=False)
    small_print(
        figure, f"{len(target):,} test rows. A median off 0 says that such answers are too low (above) or high."
    )
    return figure


def dots(rows: int) -> np.ndarray:
    """At most so many places of N as can be told apart, rising."""
    if rows <= MOST_DOTS:
        return np.arange(rows)
    return np.sort(np.random.default_rng(0).choice(rows, MOST_DOTS, replace=False))


def skewed(numbers: np.ndarray) -> bool:
    """Whether they spread over orders of magnitude, and none is 0 or less."""
    return bool(numbers.min() > 0 and numbers.max() > SKEWED * np.median(numbers))


def in_words(axes: Axes, *, x: bool, y: bool) -> None:
    """Large numbers with their thousands apart."""
    for axis in ([axes.xaxis] if x else []) + ([axes.yaxis] if y else []):
        axis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:,.6g}"))


def _parts(order: np.ndarray) -> list[np.ndarray]:
    """Places in parts of equally many."""
    count = max(1, min(PARTS, len(order) // LEAST_PART))
    return np.array_split(order, count)


def bars_of(figure: Figure) -> Axes:
    """Axes of bars that lie."""
    axes = figure.subplots()
    axes.axvline(0, color=QUIET, linewidth=1)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    return axes


def by_tenths(target: np.ndarray, answer: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The means of what was told and of what was true, of parts of equally many rows by what was told."""
    told = values(answer)
    parts = _parts(np.argsort(told, kind="stable"))
    return np.array([told[part].mean() for part in parts]), np.array([target[part].mean() for part in parts])
