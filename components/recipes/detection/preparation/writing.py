"""How annotations write their boxes, and those boxes in pixels of an image."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from components.recipes.detection.preparation.records import ImageRecord

Layout = Literal["corners", "sizes", "centres"]
Units = Literal["pixels", "shares"]
LAYOUTS: tuple[Layout, ...] = ("corners", "sizes", "centres")
MARGIN = 0.01  # by which a share may leave its image, of rounding
AT_EDGE = 3  # boxes at either edge that show how pixels are counted


@dataclass(frozen=True)
class Writing:
    """Boxes of a form that writes them as `own`, where they are meant as `layout`, in `units`, pixels counted from
    `first`.
    """

    own: Layout
    layout: Layout
    units: Units
    first: Literal[0, 1] = 0

    def pixels(self, record: ImageRecord, width: int, height: int) -> np.ndarray:
        """x1, y1, x2, y2 (n, 4) float32 of the record's boxes in an image of this size; unclipped."""
        boxes = record.boxes
        if self.layout != self.own and len(boxes):
            meant = _corners(_written(boxes, self.own), self.layout)
            kept = np.isin(np.arange(len(boxes)), [*record.drawn])  # around an outline: in no layout
            boxes = np.where(kept[:, None], boxes, meant)
        if self.units == "shares":
            boxes = boxes * np.array([width, height, width, height], np.float32)
        if self.first and len(boxes):
            # A size counts pixels; of corners the last pixel is within the box.
            boxes = boxes - np.array([1, 1, 0, 0] if self.layout == "corners" else [1, 1, 1, 1], np.float32)
        return boxes.astype(np.float32)


def _written(boxes: np.ndarray, layout: Layout) -> np.ndarray:
    """The four numbers that the form has for these corners."""
    low, high = boxes[:, :2].astype(np.float64), boxes[:, 2:].astype(np.float64)
    if layout == "corners":
        return np.hstack([low, high])
    return np.hstack([low if layout == "sizes" else (low + high) / 2, high - low])


def _corners(numbers: np.ndarray, layout: Layout) -> np.ndarray:
    first, second = numbers[:, :2], numbers[:, 2:]
    if layout == "corners":
        return numbers.astype(np.float32)
    low = first if layout == "sizes" else first - second / 2
    return np.hstack([low, low + second]).astype(np.float32)


def within_one(records: Iterable[ImageRecord]) -> bool:
    """Whether all boxes lie between 0 and 1: no picture is of one pixel, so they are shares of it."""
    found = False
    for record in records:
        boxes = record.boxes[np.isfinite(record.boxes).all(axis=1)]
        if len(boxes) and (boxes.min() < -MARGIN or boxes.max() > 2 + MARGIN or _sides(boxes) > 1 + MARGIN):
            return False
        found = found or bool(len(boxes))
    return found


def _sides(boxes: np.ndarray) -> float:
    return float(max((boxes[:, 2:] - boxes[:, :2]).max(), boxes[:, :2].max()))


def counts_from_one(boxes: Sequence[np.ndarray], sizes: Sequence[tuple[int, int]]) -> int:
    """How many corners lie at 1 where none lies before it and others end at the last pixel: pixels counted from 1.

    0 where that is not so: without boxes at both edges nothing can be known.
    """
    left = right = 0
    for found, (width, height) in zip(boxes, sizes, strict=True):
        finite = found[np.isfinite(found).all(axis=1)]
        if len(finite) and (finite[:, :2].min() < 1 or (finite != np.round(finite)).any()):
            return 0
        left += int((finite[:, :2] == 1).sum())
        right += int((finite[:, 2:] == [width, height]).sum())
    return left if left >= AT_EDGE and right >= AT_EDGE else 0
