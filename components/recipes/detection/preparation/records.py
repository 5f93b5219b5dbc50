"""Records of a reader of annotations: an image with its boxes, or what could not be read and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

# Kinds of what is set aside; those of NOTES are choices of the data's owner and no fault of the data.
NO_FILE = "no image file of this name"
NO_ANNOTATION = "no annotation"
NO_IMAGE = "the id of no image"
BAD_XML = "annotation cannot be read"
BAD_TEXT = "labels cannot be read"
CONFLICT = "names another image than its own name does, and both exist"
BAD_FLAG = "iscrowd or ignore is neither 0 nor 1"
CROWD = "a crowd box"
IGNORED = "a box to be ignored"
DIFFICULT = "a difficult box"
NO_SHAPE = "a shape that has no box"
NO_LIST = "in no list"
NOTES = (CROWD, IGNORED, DIFFICULT, NO_SHAPE, NO_LIST)


@dataclass(frozen=True, eq=False)
class ImageRecord:
    """An image as its annotation has it: unchecked.

    `width` and `height` are the annotation's, 0 where it has none; `boxes` (n, 4) float32 are
    x1, y1, x2, y2 as its form means them (see `Writing`), NaN or infinite where they are no numbers. `name` is
    the file's, below the folder of images. The boxes with the numbers `drawn` are around an outline.
    """

    name: str
    path: Path
    width: int
    height: int
    boxes: np.ndarray
    labels: tuple[str, ...]
    group: str | None
    drawn: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Rejected:
    """An image, or with `box`, its number from 0 in the annotation, one box of it.

    What stands before a colon in `reason` is its kind; an example may follow.
    """

    image: str
    box: int | None
    reason: str

    @property
    def kind(self) -> str:
        return self.reason.partition(": ")[0]


TRUE, FALSE = frozenset({"1", "true", "yes", "y", "t"}), frozenset({"", "0", "false", "no", "n", "f", "none", "null"})


def flag(value: Any) -> bool | None:
    """Whether a mark such as `iscrowd` is set, as a number or as text; None where it is neither."""
    text = str(value).strip().lower() if value is not None else ""
    if isinstance(value, float) or text in ("0.0", "1.0"):
        text = text.removesuffix(".0")
    return True if text in TRUE else False if text in FALSE else None


def as_boxes(corners: Sequence[Sequence[float]]) -> np.ndarray:
    """(n, 4) float32 of n times four numbers; one that is too large for that becomes infinite."""
    with np.errstate(over="ignore"):
        return np.array(corners, np.float64).reshape(-1, 4).astype(np.float32)
