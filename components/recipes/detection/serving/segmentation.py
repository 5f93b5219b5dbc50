"""Regions that stand out, each with the class that its size, shape and colour speak for."""

from typing import Annotated

import numpy as np
from pydantic import Field

from components.core.blocks import Block
from components.recipes.detection.encoding.regions import RegionSettings, find_regions

Row = Annotated[list[float], Field(min_length=1)]


class SegmentationModel(Block):
    """A multinomial logistic model of standardized features: `weights` (classes + 1, F), the last for no object."""

    regions: RegionSettings
    object_pixels: float
    mean: Row
    scale: Row
    weights: list[Row]
    bias: Row

    def find(self, image: np.ndarray) -> np.ndarray:
        """Boxes (K, 6) as x1, y1, x2, y2, class, confidence of an image (H, W, C), the surest first."""
        boxes, features = find_regions(image, self.regions, self.object_pixels)
        shares = self.probabilities(features)[:, :-1]
        label = shares.argmax(axis=1)
        found = np.column_stack([boxes, label, shares[np.arange(len(label)), label]]).astype(np.float32)
        return found[np.argsort(-found[:, 5], kind="stable")]

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Features (n, F) to the probabilities (n, classes + 1)."""
        logits = (features - np.array(self.mean)) / np.array(self.scale) @ np.array(self.weights).T + self.bias
        odds = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
        shares: np.ndarray = odds / odds.sum(axis=1, keepdims=True)
        return shares
