"""Images at the size a network reads, and padded to what its strides need."""

import numpy as np
from PIL import Image

STEPS = 4  # of an octave: a scale near one is one


def scale_for(sizes: np.ndarray, wanted: float) -> float:
    """The scale, in quarters of an octave, at which the median of `sizes` (N,) in pixels is about `wanted` pixels."""
    return float(2 ** (np.round(STEPS * np.log2(wanted / np.median(sizes))) / STEPS))


def rescale(image: np.ndarray, scale: float) -> np.ndarray:
    """(H, W, C) float32 to (round(H * scale), round(W * scale), C), averaged where it shrinks."""
    if scale == 1:
        return image
    width, height = (max(1, round(side * scale)) for side in image.shape[1::-1])
    planes = [
        np.asarray(Image.fromarray(image[:, :, place]).resize((width, height), Image.Resampling.BILINEAR))
        for place in range(image.shape[2])
    ]
    return np.stack(planes, axis=2)


def shrunk(grey: np.ndarray, side: int) -> np.ndarray:
    """(H, W) to (side, side) float32, each the mean of what it stands for."""
    image = Image.fromarray(grey.astype(np.float32))
    return np.asarray(image.resize((side, side), Image.Resampling.BOX))


def padded(planes: np.ndarray, multiple: int) -> np.ndarray:
    """(C, H, W) with rows below and columns to the right, of each plane's mean, up to multiples of `multiple`."""
    _, height, width = planes.shape
    below, right = -height % multiple, -width % multiple
    if not below and not right:
        return planes
    mean = planes.mean(axis=(1, 2))
    return np.stack(
        [
            np.pad(plane, ((0, below), (0, right)), constant_values=value)
            for plane, value in zip(planes, mean, strict=True)
        ]
    )
