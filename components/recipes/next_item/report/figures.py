"""Pictures of a recommender beside its learner and baselines; each says at its foot how ranks were measured.

Names map to one recommender each, the same in every picture of a report: the first is the one the
picture is about and stands out, the others are for comparison.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator, PercentFormatter

from components.core.errors import CasebookError
from components.core.results import Interval
from components.evaluation.presentation import slices as picture
from components.evaluation.presentation.figures import (
    COLOURS,
    DASHED,
    HALO,
    QUIET,
    new_figure,
    shortened,
    small_print,
    styled,
    title_over_all,
)
from components.evaluation.presentation.labels import End, name_ends
from components.evaluation.slices import Slice, Slices
from components.recipes.next_item.metrics.metrics import CREDITS, discounted_gain, hit
from components.recipes.next_item.metrics.protocol import RankingProtocol
from components.recipes.next_item.metrics.sets import NOTHING, Sets

Look: TypeAlias = dict[str, Any]

CATALOGUE: Look = {"color": QUIET, "linewidth": 2.0, "linestyle": DASHED}
HISTORIES: Look = {"color": "black", "linewidth": 2.6, "zorder": 8}
PLAIN_NAMES = {
    "hr": "hit rate",
    "ndcg": "NDCG",
    "map": "MAP",
    "mrr": "MRR",
    "recall": "recall",
    "precision": "precision",
}


@styled
def cutoff_curves(ranks: Mapping[str, np.ndarray], *, largest: int, protocol: RankingProtocol) -> Figure:
    """Hit rate and NDCG at every cutoff from 1 to `largest`, for ranks (N,) by name."""
    figure = new_figure(height=5.4)
    cutoffs = np.arange(1, largest + 1)
    ends: list[End] = []
    panels = figure.subplots(1, 2)
    for axes, credit, label in zip(panels, (hit, discounted_gain), ("hit rate at k", "NDCG at k"), strict=True):
        ends = []
        for name, rank, look in _each(ranks):
            values = [credit(np.asarray(rank, dtype=np.float64), int(cutoff)).mean() for cutoff in cutoffs]
            axes.plot(cutoffs, values, **look)
            ends.append(End(float(cutoffs[-1]), float(values[-1]), name, look["color"]))
        axes.set(xlabel="k, items recommended", ylabel=label, ylim=(0, None), xlim=(1, max(largest, 2)))
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))
    panels[0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    name_ends(panels[1], ends)
    title_over_all(figure, "How often, and how high, the item asked for is shown")
    note = "Hit rate: users whose item is among the first k. NDCG: the same, worth less the lower it stands."
    small_print(figure, protocol.caption, note)
    return figure


@styled
def popularity_bias(
    recommended: Mapping[str, np.ndarray], history: Sets, counts: np.ndarray, *, protocol: RankingProtocol
) -> Figure:
    """How popular the recommended items are, beside those that users chose and the catalogue.

    `recommended` maps a name to lists (N, k), `history` are the N users' own items, and `counts` (M,)
    the catalogue's training events. Each curve is a cumulative share, every user counting the same:
    the further right, the more popular.
    """
    figure = new_figure(height=6.4)
    axes = figure.subplots()
    counts = np.asarray(counts, dtype=np.float64)
    every = np.arange(len(counts))
    _cumulative(axes, counts, every, np.zeros_like(every), "catalogue", CATALOGUE)
    _cumulative(axes, counts, history.item, history.user, "histories", HISTORIES)
    for name, lists, look in _each(recommended):
        user, place = np.nonzero(lists != NOTHING)
        _cumulative(axes, counts, lists[user, place], user, name, look)
    _count_axis(axes, float(counts.max()))
    axes.set(ylim=(0, 1.01), ylabel="items with at most so many events")
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.set_title("How popular the recommended items are")
    axes.legend(loc="upper left", title="mean events of an item", alignment="left")
    small_print(
        figure,
        protocol.caption,
        "Further right is more popular; right of the histories (what users chose before) is popularity bias.",
    )
    return figure


@styled
def slices(
    tables: Slices,
    metric: str,
    *,
    overall: Interval,
    confidence: float,
    minimum: int,
    protocol: RankingProtocol,
) -> Figure:
    """One metric in every slice of every table (such as "history length"), beside its value over all users."""
    picture.check(tables)
    rows = [one for parts in tables.values() for one in parts]
    figure = new_figure(height=2.2 + 0.36 * len(rows) + 0.5 * len(tables))
    axes = figure.subplots()
    picture.overall_line(axes, overall)
    draw = partial(_slice, axes, metric, minimum)
    picture.lines(axes, tables, gap=1.5, counted=lambda one: f"n {one.counts['users']:,}", draw=draw)
    largest = max([overall.high, *(one.metrics[metric].high for one in rows if one.sufficient)])
    axes.set(xlim=(0, 1.14 * largest or 1), xlabel=f"{plain(metric)}, {confidence:.0%} intervals")
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    title_over_all(figure, f"{plain(metric)} by group of users")
    small_print(figure, protocol.caption, f"Dashed, with its interval: all users, {overall.value:.3f}.")
    return figure


def _each(series: Mapping[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray, Look]]:
    """Name, array and line style of each series; later ones lie below the first."""
    for place, (name, values) in enumerate(series.items()):
        first = {"linewidth": 2.8, "zorder": 9}
        other = {"linewidth": 1.6, "zorder": 5 - place / 100, "linestyle": "-" if place < len(COLOURS) else ":"}
        yield shortened(name, 24), values, {"color": COLOURS[place % len(COLOURS)], **(first if place == 0 else other)}


def _cumulative(axes: Axes, counts: np.ndarray, item: np.ndarray, user: np.ndarray, name: str, look: Look) -> None:
    """The curve of `counts` over the items (E,) of users (E,), each user's items weighing 1 together."""
    if not len(item):
        raise CasebookError(f"figure: {name!r} has no items")
    weight = 1 / np.bincount(user)[user]
    mean = np.average(counts[item], weights=weight)
    axes.ecdf(counts[item], weights=weight, label=f"{name}: {mean:,.0f}", **look)


def _count_axis(axes: Axes, top: float) -> None:
    """Logarithmic, and 0 as well: the catalogue has items that never occurred."""
    axes.set_xscale("symlog", linthresh=1, linscale=0.4)
    ticks = [step * 10.0**power for power in range(int(np.log10(max(top, 1))) + 1) for step in (1, 3)]
    axes.xaxis.set_major_locator(FixedLocator([0, *ticks]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set(xlim=(0, 1.05 * max(top, 1)), xlabel="events of the item in training (logarithmic)")


def _slice(axes: Axes, metric: str, minimum: int, place: float, one: Slice) -> None:
    if not one.sufficient:
        picture.insufficient(axes, place, f"fewer than {minimum} users")
        return
    found = one.metrics[metric]
    picture.point(axes, place, found)
    text = f"{found.value:.3f}"
    axes.annotate(
        text, (found.high, place), (5, 0), textcoords="offset points", va="center", fontsize=10.5, path_effects=HALO
    )


def plain(metric: str) -> str:
    """ "ndcg@10" as "NDCG at 10"."""
    name, _, cutoff = metric.partition("@")
    if name not in CREDITS:
        raise CasebookError(f"figure: no ranking metric {metric!r}; there are {', '.join(CREDITS)}, each with @k")
    return f"{PLAIN_NAMES[name]} at {cutoff}"
