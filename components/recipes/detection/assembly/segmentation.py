"""Classical segmentation: its settings chosen on held-out images, its classes learned from the training boxes."""

import logging
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from components.recipes.detection.encoding.regions import RegionSettings, find_regions

log = logging.getLogger(__name__)

Example = tuple[np.ndarray, np.ndarray, np.ndarray]  # image (H, W, C), boxes (n, 4), labels (n,)
NEVER = -50.0  # log-odds
SAME = 0.5  # the overlap from which a region is an object


def region_grid(objects: str, smooth: Sequence[float], spacing: Sequence[float]) -> list[RegionSettings]:
    return [
        RegionSettings.model_validate({"objects": objects, "smooth": blur, "spacing": apart})
        for blur, apart in product(smooth, spacing)
    ]


def fit_segmentation(
    train: Sequence[Example], settings: RegionSettings, *, classes: int, object_pixels: float
) -> dict[str, Any]:
    """A model as `SegmentationModel` reads it: which class the regions of the training images are, or none.

    Where they all are one thing, mostly none, it says so of every region: objects that do not stand out from the
    background cannot be segmented.
    """
    found = [(find_regions(image, settings, object_pixels), boxes, labels) for image, boxes, labels in train]
    features = np.concatenate([features for (_, features), _, _ in found])
    target = np.concatenate([region_labels(own, boxes, labels, classes) for (own, _), boxes, labels in found])
    mean, scale, weights, bias = _learn(features, target, classes)
    return {
        "regions": settings.model_dump(mode="json"),
        "object_pixels": object_pixels,
        "mean": mean.tolist(),
        "scale": scale.tolist(),
        "weights": weights.tolist(),
        "bias": bias.tolist(),
    }


def _learn(features: np.ndarray, target: np.ndarray, classes: int) -> tuple[np.ndarray, ...]:
    """Mean and scale (F,) of the features, weights (classes + 1, F) and bias (classes + 1,) for them standardized."""
    width = features.shape[1]
    if len(np.unique(target)) < 2:
        log.warning(
            "segmentation: of %d regions all or none overlap a box, so nothing can be told apart; see to "
            "model.baseline.objects: are they bright or dark?",
            len(target),
        )
        bias = np.full(classes + 1, NEVER)
        bias[target[0] if len(target) else classes] = 0.0
        return np.zeros(width), np.ones(width), np.zeros((classes + 1, width)), bias
    scaler = StandardScaler().fit(features)
    model = LogisticRegression(C=1.0, max_iter=1000).fit(scaler.transform(features), target)
    return scaler.mean_, scaler.scale_, *spread(model, classes + 1)


def spread(model: LogisticRegression, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights (classes, F) and bias (classes,), those of classes that were never seen so low that they never win."""
    rows, bias = model.coef_, model.intercept_
    if len(model.classes_) == 2:  # scikit-learn keeps one row for two classes
        rows, bias = np.concatenate([-rows, rows]) / 2, np.concatenate([-bias, bias]) / 2
    weights, biases = np.zeros((classes, rows.shape[1])), np.full(classes, NEVER)
    weights[model.classes_], biases[model.classes_] = rows, bias
    return weights, biases


def region_labels(regions: np.ndarray, boxes: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """The class (n,) of the box that each region (n, 4) overlaps most, or `classes` if by less than `SAME`."""
    found = np.full(len(regions), classes)
    if len(boxes) and len(regions):
        low = np.maximum(regions[:, None, :2], boxes[None, :, :2])
        high = np.minimum(regions[:, None, 2:], boxes[None, :, 2:])
        shared = np.clip(high - low, 0, None).prod(axis=2)
        area, areas = ((one[:, 2:] - one[:, :2]).prod(axis=1) for one in (regions, boxes))
        overlap = shared / (area[:, None] + areas[None] - shared)
        best = overlap.argmax(axis=1)
        same = overlap[np.arange(len(regions)), best] >= SAME
        found[same] = labels[best[same]]
    return found


def choose_segmentation(
    train: Sequence[Example],
    grid: Sequence[RegionSettings],
    quality: Callable[[dict[str, Any]], float],
    *,
    classes: int,
    object_pixels: float,
) -> dict[str, Any]:
    """Of the models fitted with each of `grid` the one of the best held-out `quality`, the first of equals."""
    best: tuple[float, dict[str, Any]] | None = None
    for settings in grid:
        model = fit_segmentation(train, settings, classes=classes, object_pixels=object_pixels)
        value = quality(model)
        log.info("segmentation: smooth %g, spacing %g: %.4f", settings.smooth, settings.spacing, value)
        if best is None or value > best[0]:
            best = (value, model)
    assert best is not None, "a grid has one setting or more"
    return best[1]
