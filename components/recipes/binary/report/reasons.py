"""One row at or above the threshold, and why: the reasons that `predict` answers, as a picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from scipy.special import expit

from components.core.errors import CasebookError
from components.evaluation.presentation.figures import (
    COLOURS,
    DASHED,
    HALO,
    INK,
    new_figure,
    shortened,
    shown_percent,
    small_print,
    styled,
)
from components.recipes.binary.metrics.explain import Reason
from components.recipes.binary.metrics.rows import log_odds
from components.recipes.binary.report.outcome import Outcome


@dataclass(frozen=True)
class Explained:
    """A row over the threshold: its score, its reasons, strongest first, and what a typical negative has instead."""

    score: float
    reasons: Sequence[Reason]
    typical: Mapping[str, Any]

    @property
    def without(self) -> np.ndarray:
        """The score (K,) if the value of one reason alone were the typical one; contributions are in log-odds."""
        changes = np.array([reason.contribution for reason in self.reasons])
        return np.asarray(expit(log_odds(np.array([self.score])) - changes))


def near_threshold(score: np.ndarray, threshold: float) -> int | None:
    """Of scores (N,) one that is over the threshold, and not by much: a tenth of the way up. None where none is."""
    over = np.flatnonzero(score >= threshold)
    return int(over[np.argsort(score[over], kind="stable")[len(over) // 10]]) if len(over) else None


@styled
def reasons(one: Explained, *, outcome: Outcome, threshold: float) -> Figure:
    """An arrow a reason, from the score to what it would be without; blue ones end below the threshold."""
    if not one.reasons:
        raise CasebookError("figure: the row has no reasons to draw")
    figure = new_figure(height=2.7 + 0.62 * len(one.reasons))
    axes = figure.subplots()
    axes.set_title(f"Why one row is answered {outcome.decided}, at {shown_percent(one.score)}", pad=30)
    for place, without in enumerate(one.without.tolist()):
        _arrow(axes, place, one.score, without, COLOURS[0] if without < threshold else COLOURS[1])
    axes.axvline(threshold, color=INK, linewidth=1.2, linestyle=DASHED)
    axes.axvline(one.score, color=COLOURS[1], linewidth=1.6)
    _over(axes, threshold, outcome.decided_from(threshold), "right", INK)
    _over(axes, one.score, f"this row: {shown_percent(one.score)}", "left", COLOURS[1])
    names = [_told(reason, one.typical.get(reason.feature)) for reason in one.reasons]
    axes.set_yticks(range(len(names)), names)
    low, high = float(one.without.min()), max(one.score, threshold)
    room = max(high - low, 0.02)
    axes.set(xlim=(max(0.0, low - 0.4 * room), high + 0.5 * room), ylim=(len(names) - 0.5, -0.5))
    axes.set_xlabel(outcome.score)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    small_print(
        figure,
        "The reasons that `casebook predict` answers for a test row just above the threshold. An arrow ends where the "
        f"score would be with that one value of a typical row that is {outcome.negative}: blue is {outcome.otherwise}, "
        f"orange {outcome.decided}.",
    )
    return figure


def _arrow(axes: Axes, place: float, start: float, end: float, colour: str) -> None:
    head = "-|>,head_width=0.35,head_length=0.7"
    look = {"arrowstyle": head, "color": colour, "linewidth": 4, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (end, place), (start, place), arrowprops=look)
    text: dict[str, Any] = {"textcoords": "offset points", "ha": "right", "va": "center", "fontsize": 11}
    axes.annotate(shown_percent(end), (end, place), (-7, 0), color=colour, path_effects=HALO, **text)


def _over(axes: Axes, x: float, said: str, side: str, colour: str) -> None:
    """Over a line, on one side of it."""
    offset = (4 if side == "left" else -4, 6)
    text: dict[str, Any] = {"textcoords": "offset points", "ha": side, "fontsize": 11, "color": colour}
    axes.annotate(said, (x, 1), offset, xycoords=axes.get_xaxis_transform(), **text)


def _told(reason: Reason, typical: Any) -> str:
    return f"{shortened(reason.feature, 18)}: {_value(reason.value)}\n(typical: {_value(typical)})"


def _value(value: Any) -> str:
    return "missing" if value is None else f"{value:,.6g}" if isinstance(value, float) else shortened(str(value), 14)
