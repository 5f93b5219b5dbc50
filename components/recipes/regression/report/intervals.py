"""Whether intervals hold what they state: in all, and for rows whose intervals are narrow or wide, or of a group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from components.core.results import Cell, Interval, Table
from components.evaluation.presentation.figures import (
    COLOURS,
    DASHED,
    INK,
    new_figure,
    shortened,
    shown_percent,
    small_print,
    styled,
    title_over_all,
)
from components.evaluation.presentation.shares import wilson
from components.recipes.regression.metrics.rows import ends

WIDTHS = 10  # parts of equally many rows, by the width of their intervals
LEAST_PART = 10  # rows of such a part


@dataclass(frozen=True)
class Covered:
    """Of `rows` of a group the share whose target is within their intervals, with its bounds, and how many lie below
    and above; `width` is the mean one.
    """

    name: str
    rows: int
    share: Interval
    below: int
    above: int
    width: float

    @classmethod
    def of(cls, name: str, target: np.ndarray, answer: np.ndarray, confidence: float) -> "Covered":
        low, high = ends(answer)
        below, above = int((target < low).sum()), int((target > high).sum())
        share = wilson(len(target) - below - above, len(target), confidence)
        assert share is not None, "a group has rows"
        return cls(name, len(target), share, below, above, float((high - low).mean()))


Groups = Mapping[str, Sequence[Covered]]  # by what the rows were grouped


def covered_by(
    target: np.ndarray,
    answer: np.ndarray,
    groups: Mapping[str, pd.Categorical],
    *,
    minimum: int,
    confidence: float,
) -> Groups:
    """All rows (N), parts of them by the width of their intervals, and the groups (N,) that have `minimum` rows."""
    found: dict[str, list[Covered]] = {"all rows": [Covered.of("all rows", target, answer, confidence)]}
    parts = min(WIDTHS, len(target) // max(LEAST_PART, minimum))
    if parts > 1:
        low, high = ends(answer)
        order = np.array_split(np.argsort(high - low, kind="stable"), parts)
        names = ["narrowest", *(f"{place} of {parts}" for place in range(2, parts)), "widest"]
        found["width of the interval"] = [
            Covered.of(name, target[part], answer[part], confidence) for name, part in zip(names, order, strict=True)
        ]
    for by, labels in groups.items():
        inside = [(str(name), labels.codes == code) for code, name in enumerate(labels.categories)]
        found[by] = [
            Covered.of(name, target[rows], answer[rows], confidence) for name, rows in inside if rows.sum() >= minimum
        ]
    return {by: part for by, part in found.items() if part}


def coverage_table(found: Groups, *, stated: float, minimum: int) -> Table:
    rows: list[list[Cell]] = [
        [by, one.name, one.rows, one.share, one.below, one.above, one.width]
        for by, part in found.items()
        for one in part
    ]
    return Table(
        "Coverage of the intervals",
        ["by", "group", "rows", "share within", "below", "above", "mean width"],
        rows,
        f"Test rows whose true value is within its interval; {stated:.0%} is stated. Groups under {minimum} rows are "
        "left out.",
    )


def decided_table(found: Groups, *, stated: float) -> Table:
    """How often an interval is right."""
    (whole,) = found["all rows"]
    inside = whole.rows - whole.below - whole.above
    rows: list[list[Cell]] = [
        ["within the interval", inside, inside / whole.rows, stated],
        ["below it", whole.below, whole.below / whole.rows, (1 - stated) / 2],
        ["above it", whole.above, whole.above / whole.rows, (1 - stated) / 2],
    ]
    return Table("Intervals", ["the true value is", "test rows", "share", "stated"], rows, "By the served model.")


@styled
def coverage_picture(found: Groups, *, stated: float, confidence: float) -> Figure:
    """A line a group: the share within its intervals, with bounds, beside the one that is stated."""
    lines = [(by, one) for by, part in found.items() for one in part]
    figure = new_figure(height=max(4.5, 1.9 + 0.34 * len(lines)))
    axes = figure.subplots()
    (whole,) = found["all rows"]
    title_over_all(
        figure, f"Intervals that state {stated:.0%} hold {shown_percent(whole.share.value)} of the test rows"
    )
    axes.axvline(stated, color=INK, linewidth=1.2, linestyle=DASHED)
    for place, (by, one) in enumerate(lines):
        colour = COLOURS[0] if by == "all rows" else COLOURS[1] if by == "width of the interval" else COLOURS[2]
        bounds = [one.share.low, one.share.high]
        axes.plot(bounds, [place, place], color=colour, linewidth=3, alpha=0.45, solid_capstyle="butt")
        axes.plot(one.share.value, place, marker="o", markersize=7, color=colour)
    names = [_called(by, one) for by, one in lines]
    axes.set_yticks(range(len(lines)), names)
    lowest = min(one.share.low for _, one in lines)
    axes.set(ylim=(len(lines) - 0.5, -0.5), xlim=(min(lowest, stated) - 0.03, 1.01))
    axes.set_xlabel("true values within their interval (% of group)")
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0, labelsize=10)
    small_print(figure, f"Lines: {confidence:.0%} Wilson bounds. Dashed: what is stated.")
    return figure


def _called(by: str, one: Covered) -> str:
    name = shortened(one.name, 18)
    group = {"all rows": name, "width of the interval": f"width: {name}"}.get(by, f"{shortened(by, 16)}: {name}")
    return f"{group}  (n {one.rows:,})"
