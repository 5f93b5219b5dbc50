"""The share of true boxes found, for parts of them: by size, by how crowded the image is, by class."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from components.contracts import Interval
from components.evaluation.bootstrap import Counted, Resampling, intervals
from components.evaluation.detection.matching import HALF, NOBODY, Matches, present

SENSITIVITY = "sensitivity"


@dataclass(frozen=True)
class Slice:
    """A part of the boxes, and how many images they are in.

    With fewer boxes than the stated minimum, or all in one image, it is not `sufficient`, and has no metrics.
    """

    name: str
    boxes: int
    images: int
    sufficient: bool
    metrics: dict[str, Interval]


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


def by_size(boxes: TrueBoxes, parts: int, *, minimum: int, resampling: Resampling) -> list[Slice]:
    """`parts` bands of about equally many boxes each; `minimum` as in `slices`."""
    codes, names = _bands(boxes.size, parts, "px", step=0)
    return slices(boxes, codes, names, minimum=minimum, resampling=resampling)


def by_crowding(boxes: TrueBoxes, parts: int, *, minimum: int, resampling: Resampling) -> list[Slice]:
    """By the number of true boxes in a box's image, in `parts` bands of about equally many boxes each."""
    around = np.bincount(boxes.image, minlength=boxes.images)[boxes.image]
    codes, names = _bands(around, parts, "boxes", step=1)
    return slices(boxes, codes, names, minimum=minimum, resampling=resampling)


def by_class(boxes: TrueBoxes, classes: Sequence[str], *, minimum: int, resampling: Resampling) -> list[Slice]:
    return slices(boxes, boxes.label, classes, minimum=minimum, resampling=resampling)


def slices(
    boxes: TrueBoxes, codes: np.ndarray, names: Sequence[str], *, minimum: int, resampling: Resampling
) -> list[Slice]:
    """Sensitivity in each group of `codes` (B,) that has boxes, with bootstrap intervals over images.

    A figure needs `minimum` boxes.
    """
    found = []
    for code, name in enumerate(names):
        inside = codes == code
        number, images = int(inside.sum()), len(np.unique(boxes.image[inside]))
        if number == 0:
            continue
        sufficient = number >= minimum and images > 1
        values = _sensitivity(boxes, inside, resampling) if sufficient else {}
        found.append(Slice(name, number, images, sufficient, values))
    return found


def _sensitivity(boxes: TrueBoxes, inside: np.ndarray, resampling: Resampling) -> dict[str, Interval]:
    there = np.bincount(boxes.image[inside], minlength=boxes.images).astype(float)
    hits = np.bincount(boxes.image[inside & boxes.found], minlength=boxes.images).astype(float)
    holding = there > 0  # images without such a box say nothing of it
    return intervals(
        {SENSITIVITY: Counted(_share, _share_over_counts)},
        there[holding],
        hits[holding],
        resampling=resampling,
    )


def _share(there: np.ndarray, hits: np.ndarray, /) -> float:
    return float(hits.sum() / there.sum())


def _share_over_counts(there: np.ndarray, hits: np.ndarray, counts: np.ndarray) -> np.ndarray:
    shares: np.ndarray = (counts @ hits) / (counts @ there)
    return shares


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
