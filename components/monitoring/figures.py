"""Pictures of a comparison: how far each column moved, and what the values were before and are now."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from components.core.written import written
from components.evaluation.bands import band_edges
from components.evaluation.presentation.figures import COLOURS, DASHED, QUIET, QUIET_INK, new_figure, shortened, styled
from components.monitoring.drift import Drift, Pair, is_number
from components.monitoring.quality import Quality

BEFORE, NOW = COLOURS[0], COLOURS[1]
MOST_BARS, MOST_PANELS, MOST_CLASSES = 25, 6, 8
LONGEST = 22  # characters of a name beside a bar


@styled
def distances(drifts: Sequence[Drift], *, threshold: float) -> Figure:
    """A bar for each column, the furthest moved on top."""
    shown = list(drifts[:MOST_BARS])[::-1]
    figure = new_figure(height=2.2 + 0.34 * len(shown))
    axes = figure.subplots()
    axes.set_title("How far each column has moved" + (f": the first {MOST_BARS}" if len(drifts) > MOST_BARS else ""))
    axes.barh(
        [shortened(one.name, LONGEST) for one in shown],
        [one.psi for one in shown],
        color=[NOW if one.drifted else QUIET for one in shown],
        height=0.62,
    )
    for place, one in enumerate(shown):
        box = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}  # over the dashed line
        axes.annotate(
            f"{one.psi:.2f}",
            (one.psi, place),
            (5, 0),
            textcoords="offset points",
            va="center",
            fontsize=10.5,
            color=QUIET_INK,
            bbox=box,
        )
    axes.axvline(threshold, color=QUIET_INK, linewidth=1, linestyle=DASHED)
    axes.set_xlim(0, max(1.15 * max(one.psi for one in shown), 1.3 * threshold))
    axes.set_xlabel(f"population stability index (dashed: {threshold:g}; orange: beyond it, and no chance)")
    axes.grid(visible=False, axis="y")
    return figure


@styled
def values(drifts: Sequence[Drift], pairs: Mapping[str, Pair], *, bins: int) -> Figure:
    """The columns that moved furthest: the share of rows in each band or class, then and now."""
    shown = list(drifts[:MOST_PANELS])
    lines = -(-len(shown) // 2)
    figure = new_figure(height=0.7 + 2.7 * lines)
    panels = np.atleast_1d(figure.subplots(lines, min(2, len(shown)), squeeze=False)).ravel()
    for axes, one in zip(panels, shown, strict=False):
        _panel(axes, one, *pairs[one.name], bins=bins)
    for axes in panels[len(shown) :]:
        axes.set_visible(False)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    return figure


def _panel(axes: Axes, one: Drift, before: pd.Series, now: pd.Series, *, bins: int) -> None:
    labels, then, here = shares(before, now, bins)
    place = np.arange(len(labels))
    axes.bar(place - 0.2, then, width=0.4, color=BEFORE, label="then")
    axes.bar(place + 0.2, here, width=0.4, color=NOW, label="now")
    axes.set_xticks(place, [shortened(label, 11) for label in labels], rotation=45, ha="right", fontsize=8.5)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_title(f"{shortened(one.name, 26)}: PSI {one.psi:.2f}", fontsize=12)
    axes.grid(visible=False, axis="x")


def shares(before: pd.Series, now: pd.Series, bins: int) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names of bands or classes, the missing ones last, and the share of rows in each, then and now."""
    if is_number(before):
        labels, codes = _bands(before, now, bins)
    else:
        labels, codes = _classes(before, now)
    then, here = (np.bincount(part, minlength=len(labels)) / max(1, len(part)) for part in codes)
    keep = [place for place in range(len(labels)) if then[place] > 0 or here[place] > 0]
    return [labels[place] for place in keep], then[keep], here[keep]


def _bands(before: pd.Series, now: pd.Series, bins: int) -> tuple[list[str], list[np.ndarray]]:
    parts = [part.to_numpy(np.float64, na_value=np.nan) for part in (before, now)]
    known = parts[0][np.isfinite(parts[0])]
    edges = band_edges(known, bins) if len(known) else np.zeros(0)
    labels = [f"< {edge:.4g}" for edge in edges[:1]] + [f"≥ {edge:.4g}" for edge in edges] or ["any"]
    missing = len(labels)
    codes = [np.where(np.isnan(part), missing, np.searchsorted(edges, part, side="right")) for part in parts]
    return [*labels, "missing"], codes


def _classes(before: pd.Series, now: pd.Series) -> tuple[list[str], list[np.ndarray]]:
    parts = [part.astype("object").where(part.notna(), "missing").map(str) for part in (before, now)]
    counts = pd.concat(parts).value_counts()
    names = list(counts.index[:MOST_CLASSES])
    codes = [np.where(part.isin(names), pd.Index(names).get_indexer(part), len(names)) for part in parts]
    return [*names, "others"], codes


@styled
def quality_change(quality: Quality) -> Figure:
    """The metric at the promotion and now, with their intervals."""
    assert quality.now is not None
    figure = new_figure(height=2.6)
    axes = figure.subplots()
    axes.set_title(f"{quality.metric} on {quality.rows:,} labelled units")
    shown = {"now": (quality.now, NOW)} | ({"at the promotion": (quality.before, BEFORE)} if quality.before else {})
    for place, (one, colour) in enumerate(shown.values()):
        axes.plot([one.low, one.high], [place, place], color=colour, linewidth=3)
        axes.plot(one.value, place, "o", color=colour, markersize=9)
        axes.text(one.value, place + 0.16, written(one.value), ha="center", color=colour)
    axes.set_yticks(range(len(shown)), list(shown))
    axes.set_ylim(-0.5, len(shown) - 0.3)
    axes.grid(visible=False, axis="y")
    return figure
