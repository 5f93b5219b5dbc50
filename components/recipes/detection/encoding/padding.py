"""Boxes of images as one array: each image's rows, then NaN up to one length."""

from collections.abc import Sequence

import numpy as np

from components.recipes.detection.encoding.rows import ImageRow


def truth(rows: Sequence[ImageRow]) -> np.ndarray:
    """Boxes and classes (N, T, 5), T being the most boxes of an image."""
    boxes = [np.column_stack([row.boxes, row.labels]).astype(np.float32) for row in rows]
    return stacked(boxes, max(1, *(len(one) for one in boxes)), 5)


def stacked(rows: Sequence[np.ndarray], least: int, width: int = 6) -> np.ndarray:
    """Arrays (k, width) as one (N, K, width), NaN where there is none; K is their most rows, and `least` at least."""
    most = max([least, *(len(row) for row in rows)])
    whole = np.full((len(rows), most, width), np.nan, np.float32)
    for place, row in enumerate(rows):
        whole[place, : len(row)] = row
    return whole
