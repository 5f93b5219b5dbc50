"""The share of true boxes found, for parts of them: by size, by how crowded the image is, by class."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from components.evaluation.bootstrap import Resampling
from components.evaluation.slices import Slice, named, share_slices
from components.recipes.detection.metrics.matching import HALF, NOBODY, Matches, present

SENSITIVITY = "sensitivity"


@dataclass(frozen=True, eq=False)
class TrueBoxes:
    """All true boxes (B,) of all images: image, class, size, and whether found at the threshold that serves.

    The size is the root of the area, in pixels.
    """

    image: np.ndarray
    label: np.ndarray
    size: np.ndarray
    found: np.ndarray
    images: int


def true_boxes(matches: Matches, target: np.ndarray, least: np.ndarray) -> TrueBoxes:
    """`target` as in `matching`; found is at confidences of `least` (C,) or more and IoU 0.5."""
    image, place = present(target)
    boxes = target[image, place]
    kept = (matches.confidence >= least[matches.label]) & (matches.found[HALF] != NOBODY)
    found = np.zeros(target.shape[:2], bool)
    found[matches.image[kept], matches.found[HALF][kept]] = True
    size = np.sqrt((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))
    return TrueBoxes(image, boxes[:, 4].astype(np.intp), size, found[image, place], len(target))


def by_size(boxes: TrueBoxes, parts: int, **options: Any) -> list[Slice]:
    """`parts` bands of about equally many boxes each; see `sensitivity` for the options."""
    return sensitivity(boxes, named(*_bands(boxes.size, parts, "px", step=0)), **options)


def by_crowding(boxes: TrueBoxes, parts: int, **options: Any) -> list[Slice]:
    """By the number of true boxes in a box's image, in `parts` bands of about equally many boxes each."""
    around = np.bincount(boxes.image, minlength=boxes.images)[boxes.image]
    return sensitivity(boxes, named(*_bands(around, parts, "boxes", step=1)), **options)


def by_class(boxes: TrueBoxes, classes: Sequence[str], **options: Any) -> list[Slice]:
    return sensitivity(boxes, named(boxes.label, classes), **options)


def sensitivity(boxes: TrueBoxes, groups: pd.Categorical, *, minimum: int, resampling: Resampling) -> list[Slice]:
    """The share of boxes found in each group (B,) that has some: of `minimum` boxes, and not all in one image."""
    return share_slices(
        SENSITIVITY,
        boxes.found,
        boxes.image,
        groups,
        counted=("images", "boxes"),
        minimum=minimum,
        fewest_units=2,
        resampling=resampling,
    )


def _bands(values: np.ndarray, parts: int, unit: str, *, step: int) -> tuple[np.ndarray, list[str]]:
    """The band (B,) of each value, between rounded quantiles, and the bands' names.

    `step` is that of whole values, to name the last one in a band; 0 for others.
    """
    quantiles = np.quantile(values, np.arange(1, parts) / parts) if len(values) else np.empty(0)
    edges = np.unique(np.maximum(np.round(quantiles), 1)).astype(int)
    if len(edges) == 0:
        return np.zeros(len(values), np.intp), ["all"]
    names = [f"under {edges[0]} {unit}", *(_band(low, high - step, unit) for low, high in pairwise(edges))]
    return np.searchsorted(edges, values, side="right"), [*names, f"{edges[-1]} {unit} and more"]


def _band(low: int, high: int, unit: str) -> str:
    return f"{low} to {high} {unit}" if high > low else f"{low} {unit}"
