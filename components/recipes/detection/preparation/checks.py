"""An image with its boxes as annotated to one that can be learned from, or the reasons why not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np

from components.core.errors import CasebookError
from components.recipes.detection.encoding.decode import decode, read_size
from components.recipes.detection.params.images import Pixels
from components.recipes.detection.preparation.classes import folded
from components.recipes.detection.preparation.copies import thumbnail
from components.recipes.detection.preparation.records import ImageRecord, Rejected
from components.recipes.detection.preparation.turns import orientation, shown_boxes
from components.recipes.detection.preparation.writing import Writing

NO_NUMBERS = "corners are no numbers"
NO_AREA = "no area"
OUTSIDE = "outside the image"
UNKNOWN_CLASS = "a class that is not in prepare.classes"
UNREADABLE = "image cannot be read"
OTHER_SIZE = "annotated at another size"
TWICE = "the same box twice"
PLAIN = Pixels(channels=3, percentiles=None)
SIDEWAYS = 5  # EXIF orientations from here on swap width and height


@dataclass(frozen=True, eq=False)
class Checked:
    """`record` with the image's own size, and boxes within it; `clipped` of them reached over its edge.

    `turn` is the image's EXIF orientation; `turned` says that its boxes were written before that turn and follow it.
    """

    record: ImageRecord
    digest: str
    clipped: int
    rejected: tuple[Rejected, ...]
    thumbnail: np.ndarray | None = None
    turn: int = 1
    turned: bool = False


def check_image(
    record: ImageRecord, classes: Sequence[str] | None, writing: Writing, pixels: Pixels = PLAIN
) -> Checked | Rejected:
    """Read the whole image once, and hold its annotation against it.

    A box that reaches over the edge is clipped, as a cell at the edge is cut by it; one that is
    wholly outside, has no area, no numbers or a class that is not among `classes` is set aside, and
    so is one of the same class and corners as another.
    An image whose annotation has another size is set aside, for its boxes are of another picture:
    mostly one that was rotated or scaled afterwards. Where the size is that of the picture before its EXIF turn, the
    boxes are turned with it.
    """
    content = record.path.read_bytes()
    try:
        picture = decode(content, name=record.name, **pixels.reading())
        width, height = read_size(content, name=record.name)
    except CasebookError as error:
        return Rejected(record.name, None, f"{UNREADABLE}: {str(error).removeprefix(f'{record.name}: ')}")
    turn = orientation(content)
    turned = turn >= SIDEWAYS and width != height and (record.width, record.height) == (height, width)
    if not turned and (record.width or width, record.height or height) != (width, height):
        sizes = f"{record.width}x{record.height}, and the image is {width}x{height}"
        return Rejected(record.name, None, f"{OTHER_SIZE}: {sizes}")
    edges = np.array([width, height, width, height], np.float32)
    stored = (height, width) if turned else (width, height)
    written = writing.pixels(record, *stored)
    written = shown_boxes(written, turn, *stored) if turned else written
    inside = np.clip(written, 0, edges)
    reasons: list[str | None] = []
    seen: set[tuple[float | str, ...]] = set()
    for box, clipped, label in zip(written, inside, record.labels, strict=True):
        same = (*box.tolist(), label)
        reasons.append(f"{TWICE}: {_corners(box)}" if same in seen else _fault(box, clipped, label, classes))
        seen.add(same)
    kept = np.array([reason is None for reason in reasons], bool)
    checked = replace(
        record,
        width=width,
        height=height,
        boxes=inside[kept],
        labels=tuple(label for label, keep in zip(record.labels, kept, strict=True) if keep),
    )
    moved = int((inside[kept] != written[kept]).any(axis=1).sum())
    rejected = tuple(Rejected(record.name, box, reason) for box, reason in enumerate(reasons) if reason)
    return Checked(checked, sha256(content).hexdigest(), moved, rejected, thumbnail(picture), turn, turned)


def _fault(box: np.ndarray, inside: np.ndarray, label: str, classes: Sequence[str] | None) -> str | None:
    shown = _corners(box)
    if not np.isfinite(box).all():
        return f"{NO_NUMBERS}: {shown}"
    if box[2] <= box[0] or box[3] <= box[1]:
        return f"{NO_AREA}: {shown}"
    if inside[2] <= inside[0] or inside[3] <= inside[1]:
        return f"{OUTSIDE}: {shown}"
    if not label or (classes is not None and label not in classes):
        meant = [name for name in classes or () if folded(name) == folded(label)]
        return f"{UNKNOWN_CLASS}: {label!r}{f'; prepare.fold: true takes it for {meant[0]!r}' if meant else ''}"
    return None


def _corners(box: np.ndarray) -> str:
    return ", ".join(f"{value:g}" for value in box)
