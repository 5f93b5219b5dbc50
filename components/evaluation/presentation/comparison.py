"""What was won: the served model beside its network and the baselines, each with its interval."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from components.core.errors import CasebookError
from components.core.recipe import SERVED, Recipe
from components.core.results import LEARNER, MODEL, Interval, Scores
from components.evaluation.presentation import slices as picture
from components.evaluation.presentation.figures import (
    COLOURS,
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

Shown = Callable[[float], str]
THREE_DIGITS: Shown = "{:.3f}".format
PERCENT: Shown = "{:.1%}".format


@dataclass(frozen=True)
class Panel:
    """A metric by the name of who was judged, `SERVED` first; people call it `label`, and `shown` writes a value."""

    label: str
    found: Mapping[str, Interval]
    lower_is_better: bool
    shown: Shown

    @property
    def best_other(self) -> Interval | None:
        others = [one for name, one in self.found.items() if name != SERVED]
        pick = min if self.lower_is_better else max
        return pick(others, key=lambda one: one.value) if others else None


def compared(
    scores: Scores, metric: str, recipe: Recipe, *, label: str | None = None, shown: Shown = THREE_DIGITS
) -> Panel:
    """A metric of all who were judged, under the names that people know.

    The served model comes first and the network second, unless it is what is served; then the baselines in their order.
    """
    by_model = scores.by_model
    if lacking := [who for who, metrics in by_model.items() if metric not in metrics]:
        raise CasebookError(f"figure: {lacking[0]!r} has no {metric!r}; it has {', '.join(by_model[lacking[0]])}")
    alone = [] if by_model.get(LEARNER) in (None, by_model[MODEL]) else [LEARNER]
    order = [MODEL, *alone, *(who for who in by_model if who not in (MODEL, LEARNER))]
    found = {recipe.called(who): by_model[who][metric] for who in order}
    return Panel(label or recipe.called(metric), found, metric in recipe.lower_is_better, shown)


@styled
def served_beside(panels: Sequence[Panel], *, confidence: float, over: str, caption: str = "") -> Figure:
    """A row for each who was judged, a panel a metric, scaled to what there is; `over` says what was drawn anew."""
    names = list(panels[0].found)
    figure = new_figure(height=2.3 + 0.52 * len(names))
    drawn = np.atleast_1d(figure.subplots(1, len(panels), sharey=True))
    for axes, panel in zip(drawn, panels, strict=True):
        _draw(axes, panel)
    drawn[0].set(ylim=(len(names) - 0.5, -0.7))
    drawn[0].set_yticks(range(len(names)), [shortened(name, 26) for name in names])
    served = drawn[0].get_yticklabels()[0]
    served.set(color=COLOURS[0], fontweight="bold")
    title_over_all(figure, _title(panels[0]))
    lines = f"Lines: {confidence:.0%} bootstrap intervals over {over}"
    small_print(figure, caption, f"{lines}; the band is the served model's. Axes do not start at 0.")
    return figure


def _title(panel: Panel) -> str:
    """What is seen."""
    first, _, rest = panel.label.partition(" ")
    label = f"{first.capitalize() if first.islower() else first} {rest}".rstrip()
    served, best = panel.found[SERVED], panel.best_other
    beside = "" if best is None else f", {panel.shown(best.value)} the best of the others"
    return f"{label}: {panel.shown(served.value)} served{beside}"


def _draw(axes: Axes, panel: Panel) -> None:
    served = panel.found[SERVED]
    axes.axvspan(served.low, served.high, color=COLOURS[5], alpha=0.22, linewidth=0)
    for place, (name, one) in enumerate(panel.found.items()):
        first = name == SERVED
        picture.point(axes, place, one, COLOURS[0] if first else QUIET_INK)
        axes.annotate(
            panel.shown(one.value),
            (one.value, place),
            (0, 8),
            textcoords="offset points",
            ha="center",
            fontsize=11,
            color=COLOURS[0] if first else INK,
            weight="bold" if first else "normal",
            path_effects=HALO,
        )
    low, high = min(one.low for one in panel.found.values()), max(one.high for one in panel.found.values())
    margin = 0.18 * (high - low) or 0.02 * (abs(high) or 1)
    better = "lower is better" if panel.lower_is_better else "higher is better"
    axes.set(xlim=(low - margin, high + margin), xlabel=f"{panel.label}\n{better}")
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    if panel.shown is PERCENT:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.3g}%"))
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_color(QUIET)
