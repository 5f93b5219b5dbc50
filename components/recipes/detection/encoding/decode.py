"""An encoded image to an array: the one way in which training, evaluation and serving see it."""

from pathlib import Path

import numpy as np

from components.core.errors import CasebookError
from components.recipes.detection.encoding.raw import COLOURS, OpenError, Plane, Raw, read_raw
from components.recipes.detection.encoding.raw import SUFFIXES as SUFFIXES
from components.recipes.detection.encoding.raw import read_size as read_size

LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
# Percentiles are taken of about so many evenly spaced values: more change nothing that can be seen.
SAMPLE = 1 << 20


def decode(
    source: bytes | Path,
    *,
    channels: int,
    percentiles: tuple[float, float] | None,
    channel: int | None = None,
    levels: tuple[float, float] | None = None,
    plane: Plane | None = None,
    name: str | None = None,
) -> np.ndarray:
    """The image as (H, W, C) float32 in 0..1, turned as its EXIF says; C is `channels`, 1 or 3.

    8 and 16-bit, grey, RGB, RGBA (over white) and palette; PNG, JPEG, BMP, DICOM and TIFF, in
    which floats are read as well. RGB of 16 bits outside TIFF is read with 8. `channel`, counted from 1, is the one
    that is looked at where there are several, and `plane` says the same of other axes. Whole numbers are
    divided by their type's largest one; with `levels` those two values become 0 and 1 and the rest is clipped,
    and with `percentiles` those two of the image's own values.

    Raises:
        CasebookError: not an image, damaged, of several planes or channels of which none is named, or of numbers
            outside 0..1 without levels or percentiles; the message starts with `name`, by default the path.
    """
    label = name or (str(source) if isinstance(source, Path) else "image")
    return values_of(
        read_raw(source, name=label, plane=plane),
        channels=channels,
        percentiles=percentiles,
        channel=channel,
        levels=levels,
        name=label,
    )


def values_of(
    raw: Raw,
    *,
    channels: int,
    percentiles: tuple[float, float] | None,
    channel: int | None = None,
    levels: tuple[float, float] | None = None,
    name: str,
) -> np.ndarray:
    """The numbers of a file, as `decode`."""
    try:
        values = _with_channels(_scaled(raw.array[..., : raw.channels], levels), raw, channels, channel)
    except CasebookError as error:
        raise type(error)(f"{name}: {error}") from None
    if percentiles is not None:
        return _stretched(values, percentiles)
    if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
        kind = "floats are outside 0..1" if raw.array.dtype.kind == "f" else f"numbers go below 0 ({raw.array.min()})"
        raise CasebookError(
            f"{name}: its {kind}; state prepare.percentiles, such as [1.0, 99.8], or prepare.levels, the two values "
            "that are black and white"
        )
    return values


def read_values(source: bytes | Path, *, name: str, plane: Plane | None = None) -> np.ndarray:
    """The image (H, W, C) as float32 without how opaque it is; whole numbers divided by their type's largest one."""
    raw = read_raw(source, name=name, plane=plane)
    return _scaled(raw.array[..., : raw.channels], None)


def _scaled(array: np.ndarray, levels: tuple[float, float] | None) -> np.ndarray:
    if levels is not None:
        low, high = levels
        put: np.ndarray = np.clip((array.astype(np.float32) - low) / (high - low), 0, 1).astype(np.float32)
        return put
    if array.dtype.kind in "iu":
        return array.astype(np.float32) / np.float32(np.iinfo(array.dtype).max)
    return array.astype(np.float32)


def _with_channels(values: np.ndarray, raw: Raw, channels: int, channel: int | None) -> np.ndarray:
    if channel is not None and raw.channels > 1:
        if channel > raw.channels:
            raise CasebookError(f"it has {raw.channels} channels, and channel {channel} is asked for")
        values = values[..., channel - 1 : channel]
    elif raw.channels not in COLOURS:
        raise OpenError(
            f"{raw.channels} channels, and the file does not say that one is transparency; name the one to look at, "
            "counted from 1, with --channel (prepare.channel)"
        )
    elif raw.alpha:  # how much the picture covers of what is behind
        alpha = _scaled(raw.array[..., -1:], None)
        values = values * alpha + (1 - alpha)
    if values.shape[2] == channels:
        return np.ascontiguousarray(values)
    if channels == 1:
        return (values @ LUMINANCE)[..., None]
    return np.repeat(values, channels, axis=2)


def _stretched(values: np.ndarray, percentiles: tuple[float, float]) -> np.ndarray:
    flat = values.reshape(-1)
    sample = flat[:: max(1, flat.size // SAMPLE)]
    finite = sample[np.isfinite(sample)]
    if finite.size == 0:
        return np.zeros_like(values)
    low, high = np.percentile(finite, percentiles)
    if high <= low:  # all of one brightness
        return np.zeros_like(values)
    stretched: np.ndarray = np.nan_to_num(np.clip((values - low) / (high - low), 0, 1)).astype(np.float32)
    return stretched
