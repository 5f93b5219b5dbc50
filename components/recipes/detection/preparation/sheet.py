"""A contact sheet of annotated images: whether boxes are read as they were meant is seen at a glance."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.patheffects import AbstractPathEffect, withStroke

from components.core.blocks import read_block
from components.core.errors import CasebookError
from components.evaluation.presentation.figures import COLOURS, INCHES, new_figure, save, shortened, small_print, styled
from components.recipes.detection.encoding.decode import decode
from components.recipes.detection.encoding.resize import rescale
from components.recipes.detection.params.images import ImagesParams
from components.recipes.detection.preparation.infer import Seen
from components.recipes.detection.preparation.odd import Sized

SHOWN, COLUMNS = 12, 3
PIXELS = 640  # at most of a picture's sides, on the sheet
CLASSES = 6  # that have a colour of their own
LEGEND = 1.3  # inches, with the title and the small print
OTHERS = "#BDBDBD"


def write_sheet(seen: Seen, target: Path) -> Path | None:
    """Draw up to twelve of the images with their boxes; None where none can be shown."""
    shown = [one for one in zip(seen.sized, seen.boxes, strict=True) if len(one[1])]
    chosen = [shown[place] for place in places(len(shown), SHOWN)]
    drawn = [(one, picture, boxes) for one, boxes in chosen if (picture := _picture(one, seen)) is not None]
    if not drawn:
        return None
    target.parent.mkdir(parents=True, exist_ok=True)
    figure = _sheet(drawn, seen.prepare["classes"], of=len(seen.sized))
    save(figure, target)
    return target


def places(count: int, most: int) -> list[int]:
    """At most so many of `count` places, evenly apart."""
    return sorted({int(place) for place in np.linspace(0, count - 1, min(count, most)).round()}) if count else []


def _picture(one: Sized, seen: Seen) -> np.ndarray | None:
    """The image as training sees it; None of one that cannot be read, or was turned after it was annotated."""
    reading = read_block(ImagesParams, seen.prepare, "prepare").reading()
    try:
        picture = decode(one.record.path, name=one.record.name, **reading)
    except CasebookError:
        return None
    return picture if picture.shape[:2] == (one.height, one.width) else None


@styled
def _sheet(drawn: Sequence[tuple[Sized, np.ndarray, np.ndarray]], classes: Sequence[str], *, of: int) -> Figure:
    rows = -(-len(drawn) // COLUMNS)
    width = INCHES[0] / COLUMNS
    tallest = max(picture.shape[0] / picture.shape[1] for _, picture, _ in drawn)
    figure = new_figure(height=LEGEND + rows * (width * min(tallest, 2.0) + 0.45))
    panels = np.atleast_1d(figure.subplots(rows, COLUMNS, squeeze=False)).ravel()
    colours = dict(zip(classes, COLOURS[:CLASSES], strict=False))
    for axes, (one, picture, boxes) in zip(panels, drawn, strict=False):
        _draw(axes, one, picture, boxes, colours)
    for axes in panels[len(drawn) :]:
        axes.remove()
    figure.suptitle(f"{len(drawn)} of {of} annotated images", x=0.02, ha="left", fontsize=15, weight="bold")
    handles = [Line2D([], [], color=colour, linewidth=3) for colour in colours.values()]
    labels = [shortened(name, 20) for name in colours]
    if len(classes) > len(colours):
        handles.append(Line2D([], [], color=OTHERS, linewidth=3))
        labels.append(f"{len(classes) - len(colours)} others")
    figure.legend(handles, labels, loc="outside upper right", ncols=min(4, len(handles)), labelcolor="black")
    small_print(figure, "Is each box around one object? If not, casebook new --boxes says how boxes are written.")
    return figure


def _draw(axes: Axes, one: Sized, picture: np.ndarray, boxes: np.ndarray, colours: dict[str, str]) -> None:
    scale = min(1.0, PIXELS / max(picture.shape[:2]))
    small = rescale(picture, scale)
    grey = small.shape[2] == 1
    axes.imshow(small[..., 0] if grey else small, cmap="gray" if grey else None, vmin=0, vmax=1)
    halo: list[AbstractPathEffect] = [
        withStroke(linewidth=2.6, foreground="white")
    ]  # a dark line is seen on dark pixels, too
    for (x1, y1, x2, y2), label in zip((boxes * scale - 0.5).tolist(), one.record.labels, strict=True):
        if np.isfinite([x1, y1, x2, y2]).all():
            patch = Rectangle(
                (x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=colours.get(label, OTHERS), linewidth=1.4
            )
            patch.set_path_effects(halo)
            axes.add_patch(patch)
    axes.set_xlim(-0.5, small.shape[1] - 0.5)
    axes.set_ylim(small.shape[0] - 0.5, -0.5)
    axes.set_axis_off()
    count = f"{len(boxes)} box{'' if len(boxes) == 1 else 'es'}"
    axes.set_title(f"{shortened(one.record.name, 30)}\n{count}", fontsize=9.5, pad=4, weight="normal")
