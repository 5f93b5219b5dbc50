"""Regions that stand out from the background, cut apart where they touch: boxes and what is known of each."""

from typing import Literal

import numpy as np
from pydantic import Field
from scipy import ndimage
from skimage.feature import peak_local_max
from skimage.filters import threshold_otsu
from skimage.measure import regionprops_table
from skimage.segmentation import watershed

from components.core.blocks import Block

BACKGROUND = {"bright": 10, "dark": 90}  # the percentile of each channel that is taken for the background
LEAST = 0.02  # of a typical object's area; what is smaller is dust
SPREAD = 1e-6


class RegionSettings(Block):
    """`objects` are brighter or darker than the background. In units of a typical object's side, `smooth` is the
    standard deviation of the blur before the threshold, and `spacing` the least distance of two objects' middles.
    """

    objects: Literal["bright", "dark"]
    smooth: float = Field(ge=0)
    spacing: float = Field(gt=0)


def find_regions(image: np.ndarray, settings: RegionSettings, object_pixels: float) -> tuple[np.ndarray, np.ndarray]:
    """Boxes (n, 4) and features (n, F) of the regions of `image` (H, W, C).

    Otsu's threshold (1979) on the distance from the background's colour, then a watershed of the distance to the
    edge from its peaks.
    """
    background = np.percentile(image, BACKGROUND[settings.objects], axis=(0, 1))
    signal = np.sqrt(((image - background) ** 2).sum(axis=2))
    signal = ndimage.gaussian_filter(signal, settings.smooth * object_pixels)
    if signal.max() - signal.min() < SPREAD:
        return np.zeros((0, 4), np.float32), np.zeros((0, features_of(image.shape[2])), np.float32)
    mask = ndimage.binary_fill_holes(signal > threshold_otsu(signal))
    depth = ndimage.gaussian_filter(ndimage.distance_transform_edt(mask), 1)
    apart = max(1, round(settings.spacing * object_pixels))
    peaks = peak_local_max(depth, min_distance=apart, labels=mask.astype(int), exclude_border=False)
    markers = np.zeros(mask.shape, np.int32)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    regions = watershed(-depth, markers, mask=mask)
    return _describe(regions, image, signal, object_pixels)


def features_of(channels: int) -> int:
    return 6 + 2 * channels


def _describe(
    regions: np.ndarray, image: np.ndarray, signal: np.ndarray, object_pixels: float
) -> tuple[np.ndarray, np.ndarray]:
    """Size, shape and colour: log area and its square, log aspect, extent, mean signal here and in the image."""
    stacked = np.dstack([image, signal])
    names = ("bbox", "area", "extent", "intensity_mean", "intensity_std")
    table = regionprops_table(regions, stacked, properties=names)
    boxes = np.column_stack([table[f"bbox-{place}"] for place in (1, 0, 3, 2)]).astype(np.float32)
    sides = boxes[:, 2:] - boxes[:, :2]
    size = np.log(table["area"] / object_pixels**2 + SPREAD)
    means, spreads = (
        np.column_stack([table[f"{name}-{place}"] for place in range(stacked.shape[2])])
        for name in ("intensity_mean", "intensity_std")
    )
    relative = means[:, -1:] / (signal.mean() + SPREAD)
    shape = np.column_stack([size, size**2, np.abs(np.log(sides[:, 0] / sides[:, 1])), table["extent"]])
    features = np.column_stack([shape, means, relative, spreads[:, :-1]])
    kept = table["area"] >= LEAST * object_pixels**2
    return boxes[kept], features[kept].astype(np.float32)
