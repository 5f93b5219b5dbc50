"""Pictures of slices: a line for each, below the name of what the rows were grouped by."""

from collections.abc import Callable

from matplotlib.axes import Axes

from components.core.errors import CasebookError
from components.core.results import Interval
from components.evaluation.presentation.figures import COLOURS, DASHED, QUIET_INK, shortened
from components.evaluation.slices import Slice, Slices


def check(found: Slices) -> None:
    if not any(found.values()):
        raise CasebookError("figure: no slices to draw")


def lines(
    axes: Axes, found: Slices, *, gap: float, counted: Callable[[Slice], str], draw: Callable[[float, Slice], None]
) -> None:
    """A line for each slice and a bold name over those of each group, `gap` above the next; `draw` at its place."""
    places, names, place = [], [], 0.0
    for by, part in found.items():
        places.append(place)
        names.append(by)
        for one in part:
            place += 1
            places.append(place)
            names.append(f"{shortened(one.name, 26)}  ({counted(one)})")
            draw(place, one)
        place += gap
    axes.set(ylim=(place - gap + 0.8, -0.8))
    axes.set_yticks(places, names)
    for label in axes.get_yticklabels():
        label.set_fontweight("bold" if label.get_text() in found else "normal")


def overall_line(axes: Axes, overall: Interval) -> None:
    """The value of all rows, and its interval behind everything."""
    axes.axvspan(overall.low, overall.high, color=COLOURS[5], alpha=0.22, linewidth=0)
    axes.axvline(overall.value, color=COLOURS[0], linewidth=1.2, linestyle=DASHED)


def point(axes: Axes, place: float, found: Interval, colour: str = COLOURS[0]) -> None:
    axes.plot([found.low, found.high], [place, place], color=colour, linewidth=3, alpha=0.45, solid_capstyle="butt")
    axes.plot(found.value, place, marker="o", markersize=8, color=colour)


def insufficient(axes: Axes, place: float, why: str) -> None:
    axes.text(0.01, place, why, transform=axes.get_yaxis_transform(), va="center", color=QUIET_INK, fontsize=10.5)
