"""Boxes drawn over images, a few to a sheet."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from components.evaluation.presentation.figures import INCHES, new_figure, shortened, small_print, styled
from components.recipes.detection.metrics.outcomes import Outcome

COLUMNS, PER_SHEET = 2, 6
# Line styles, too, tell them apart.
HIT: dict[str, Any] = {"edgecolor": "#00C853", "linestyle": "-"}
FALSE: dict[str, Any] = {"edgecolor": "#FF1744", "linestyle": (0, (4, 2))}
MISSED: dict[str, Any] = {"edgecolor": "#FFEA00", "linestyle": (0, (1.2, 1.2))}
KINDS = (("found", HIT), ("false", FALSE), ("missed", MISSED))
LEGEND = 1.2  # inches, with the title and the small print


@dataclass(frozen=True, eq=False)
class Shown:
    """An image (H, W, C) of numbers in 0..1, its name, and what became of its boxes."""

    name: str
    pixels: np.ndarray
    outcome: Outcome


def sheets(
    places: Sequence[int], show: Callable[[int], Shown], classes: Sequence[str], *, title: str
) -> Iterator[Callable[[], Figure]]:
    """Figures of up to six images each, in the order of their places; images are read when their figure is drawn."""
    for start in range(0, len(places), PER_SHEET):
        part = places[start : start + PER_SHEET]
        numbers = f"{start + 1} to {start + len(part)} of {len(places)}" if len(places) > PER_SHEET else ""
        yield partial(_sheet_of, part, show, classes, ", ".join(filter(None, [title, numbers])))


def _sheet_of(places: Sequence[int], show: Callable[[int], Shown], classes: Sequence[str], title: str) -> Figure:
    return sheet([show(place) for place in places], classes, title=title)


@styled
def sheet(images: Sequence[Shown], classes: Sequence[str], *, title: str) -> Figure:
    """One figure of all `images`: green boxes found, red ones false, yellow ones missed."""
    columns = min(COLUMNS, len(images))
    rows = -(-len(images) // columns)
    width = INCHES[0] / columns
    tallest = max(one.pixels.shape[0] / one.pixels.shape[1] for one in images)
    figure = new_figure(height=LEGEND + rows * (width * min(tallest, 2.0) + 0.45))
    panels = np.atleast_1d(figure.subplots(rows, columns, squeeze=False)).ravel()
    short = _prefixes(classes) if len(classes) > 1 else [""] * len(classes)
    for axes, one in zip(panels, images, strict=False):
        _draw(axes, one, short)
    for axes in panels[len(images) :]:
        axes.remove()
    figure.suptitle(title, x=0.02, ha="left", fontsize=15, weight="bold")
    # Dark stand-ins in the legend: bright yellow cannot be read on white.
    handles = [Line2D([], [], color=look["edgecolor"], linestyle=look["linestyle"], linewidth=3) for _, look in KINDS]
    figure.legend(handles, [name for name, _ in KINDS], loc="outside upper right", ncols=3, labelcolor="black")
    letters = ", ".join(f"{letter}: {name}" for letter, name in zip(short, classes, strict=True) if letter)
    small_print(
        figure, "Boxes of the confidence that serves; one is found where it overlaps a true one by IoU 0.5.", letters
    )
    return figure


def _draw(axes: Axes, one: Shown, short: Sequence[str]) -> None:
    grey = one.pixels.shape[2] == 1
    axes.imshow(one.pixels[..., 0] if grey else one.pixels, cmap="gray" if grey else None, vmin=0, vmax=1)
    found = one.outcome
    for boxes, (_, look) in zip((found.hits, found.false, found.missed), KINDS, strict=True):
        for x1, y1, x2, y2, label, *_ in boxes.tolist():
            axes.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, linewidth=1.3, **look))
            if short[int(label)]:
                _label(axes, x1, y1, short[int(label)], look["edgecolor"])
    axes.set_axis_off()
    told = f"{len(found.hits)} found, {len(found.false)} false, {len(found.missed)} missed"
    axes.set_title(f"{shortened(one.name, 28)}\n{told}", fontsize=9.5, pad=4, weight="normal")


def _label(axes: Axes, x: float, y: float, text: str, colour: str) -> None:
    outline = [withStroke(linewidth=1.0, foreground="black")]
    axes.text(x + 1, y + 1, text, color=colour, fontsize=7, va="top", path_effects=outline, clip_on=True)


def _prefixes(classes: Sequence[str]) -> list[str]:
    """The shortest beginning of each name that no other has."""
    lengths = [
        next((n for n in range(1, len(name)) if sum(other[:n] == name[:n] for other in classes) == 1), len(name))
        for name in classes
    ]
    return [name[:length] for name, length in zip(classes, lengths, strict=True)]
