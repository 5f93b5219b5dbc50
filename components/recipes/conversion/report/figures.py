"""Pictures of answered text. In pictures of several systems the first is the one the picture is about."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from components.core.errors import CasebookError
from components.core.results import Interval
from components.evaluation.presentation import slices as picture
from components.evaluation.presentation.figures import (
    COLOURS,
    DASHED,
    HALO,
    INK,
    QUIET,
    draws_chinese,
    new_figure,
    shortened,
    small_print,
    styled,
    title_over_all,
)
from components.evaluation.slices import Slice, Slices

ROWS = 25  # pairs in a column
DROPPED = "∅"
PLAIN_NAMES = {
    "char_accuracy": "character accuracy",
    "exact": "exact match",
    "bleu": "BLEU-4 of characters",
    "chrf": "chrF",
    "cer": "character error rate",
}
OUT_OF_100 = frozenset({"bleu", "chrf"})


@styled
def slices(
    tables: Slices,
    metric: str,
    *,
    overall: Interval,
    confidence: float,
    minimum: int,
    caption: str,
    of: str,
) -> Figure:
    """One metric in every slice of every table (such as "clause length"), beside its value over all.

    `of` names what the tables are about, such as "kind of clause".
    """
    picture.check(tables)
    rows = [one for parts in tables.values() for one in parts]
    figure = new_figure(height=2.2 + 0.36 * len(rows) + 0.5 * len(tables))
    axes = figure.subplots()
    picture.overall_line(axes, overall)
    draw = partial(_slice, axes, metric, minimum)
    picture.lines(axes, tables, gap=1.5, counted=lambda one: f"{one.counts['characters']:,} characters", draw=draw)
    drawn = [overall, *(one.metrics[metric] for one in rows if one.sufficient)]
    _metric_axis(axes, metric, min(one.low for one in drawn), max(one.high for one in drawn))
    axes.set(xlabel=f"{plain(metric)}, {confidence:.0%} intervals")
    title_over_all(figure, f"{plain(metric).capitalize()} by {of}")
    small_print(figure, caption, f"Dashed, with its interval: all, {shown(metric, overall.value)}.")
    return figure


@styled
def confused_pairs(table: pd.DataFrame, *, caption: str) -> Figure:
    """The pairs of `confusions.confusions`, with their syllable: it can be read where no Chinese font is installed."""
    if table.empty:
        raise CasebookError("figure: no character was answered wrong, so there are no confused pairs to draw")
    columns = -(-len(table) // ROWS)
    figure = new_figure(height=2.0 + 0.33 * min(len(table), ROWS))
    panels = np.atleast_1d(figure.subplots(1, columns, sharex=True))
    for column, axes in enumerate(panels):
        part = table.iloc[column * ROWS : (column + 1) * ROWS]
        axes.barh(range(len(part)), part["count"], height=0.7, color=COLOURS[0], alpha=0.85)
        pairs = zip(part["reference"], part["answer"], part["syllable"], strict=True)
        axes.set_yticks(range(len(part)), [f"{one} → {other or DROPPED} ({said})" for one, other, said in pairs])
        for place, (count, of) in enumerate(zip(part["count"], part["of"], strict=True)):
            text = f"{count} of {of:,}"
            axes.annotate(text, (count, place), (4, 0), textcoords="offset points", va="center", fontsize=9.5)
        axes.set(ylim=(ROWS - 0.5 if columns > 1 else len(part) - 0.5, -0.6), xlabel="times answered wrong")
        axes.set_xlim(0, 1.55 * table["count"].max())
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        _bare(axes)
    title_over_all(figure, f"The {len(table)} most confused pairs: meant → answered")
    note = (
        f"Together {table['share'].sum():.0%} of all wrong characters. “of”: how often it was meant by that syllable."
    )
    if not draws_chinese():
        note += "\nNo Chinese font is installed where this was drawn: read the syllables, or install fonts-noto-cjk."
    small_print(figure, caption, note)
    return figure


@styled
def accuracy_over_minutes(
    curves: Mapping[str, Sequence[tuple[float, float]]], levels: Mapping[str, float], *, caption: str
) -> Figure:
    """Character accuracy over minutes of training, (minutes, accuracy) by name; `levels` are those of the others."""
    empty = [name for name, points in curves.items() if not points]
    if not curves or empty:
        raise CasebookError(f"figure: no points of training time and accuracy ({', '.join(empty) or 'no curve'})")
    figure = new_figure(height=5.6)
    axes = figure.subplots()
    for place, (name, points) in enumerate(curves.items()):
        minutes, accuracy = zip(*sorted(points), strict=True)
        colour = COLOURS[place % len(COLOURS)]
        label = f"{shortened(name, 30)}: {accuracy[-1]:.1%} after {minutes[-1]:.1f} min"
        axes.plot(minutes, accuracy, color=colour, linewidth=2.4 if place == 0 else 1.6, marker="o", label=label)
    for (name, level), colour in zip(levels.items(), cycle(COLOURS[len(curves) % len(COLOURS) :] + COLOURS[:1])):
        label = f"{shortened(name, 30)}: {level:.1%}"
        axes.axhline(level, color=colour, linewidth=1.4, linestyle=DASHED, label=label)
    axes.set(xlabel="minutes of training", ylabel="character accuracy", xlim=(0, None))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.legend(loc="lower right")
    title_over_all(figure, "Accuracy against minutes of training")
    small_print(figure, caption)
    return figure


def plain(metric: str) -> str:
    """Such as "exact" as "exact match", and "top@5" as "right among the first 5"."""
    name, _, cutoff = metric.partition("@")
    if name == "top" and cutoff:
        return f"right among the first {cutoff}"
    if metric not in PLAIN_NAMES:
        raise CasebookError(f"figure: no metric of text {metric!r}; there are {', '.join(PLAIN_NAMES)} and top@k")
    return PLAIN_NAMES[metric]


def shown(metric: str, value: float) -> str:
    return f"{value:.1f}" if metric in OUT_OF_100 else f"{value:.1%}"


def _point(axes: Axes, place: float, found: Interval, metric: str, colour: str) -> None:
    picture.point(axes, place, found, colour)
    above: dict[str, Any] = {
        "textcoords": "offset points",
        "ha": "center",
        "fontsize": 10.5,
        "color": INK,
        "path_effects": HALO,
    }
    axes.annotate(shown(metric, found.value), (found.value, place), (0, 7), **above)


def _slice(axes: Axes, metric: str, minimum: int, place: float, one: Slice) -> None:
    if one.sufficient:
        _point(axes, place, one.metrics[metric], metric, COLOURS[0])
    else:
        picture.insufficient(axes, place, f"fewer than {minimum}")


def _metric_axis(axes: Axes, metric: str, low: float, high: float) -> None:
    margin = 0.18 * (high - low) or 0.02 * (high or 1)
    axes.set_xlim(low - margin, high + margin)
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    factor, unit = (1, "") if metric in OUT_OF_100 else (100, "%")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{factor * value:.3g}{unit}"))
    _bare(axes)


def _bare(axes: Axes) -> None:
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_color(QUIET)
