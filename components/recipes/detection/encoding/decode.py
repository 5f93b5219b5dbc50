"""An encoded image to an array: the one way in which training, evaluation and serving see it."""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image, ImageOps, UnidentifiedImageError

from components.core.errors import CasebookError

SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp")
TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
ORIENTATION = 0x0112  # EXIF and TIFF
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
# Percentiles are taken of about so many evenly spaced values: more change nothing that can be seen.
SAMPLE = 1 << 20


def decode(
    source: bytes | Path, *, channels: int, percentiles: tuple[float, float] | None, name: str | None = None
) -> np.ndarray:
    """The image as (H, W, C) float32 in 0..1, turned as its EXIF says; C is `channels`, 1 or 3.

    8 and 16-bit, grey, RGB, RGBA (over white) and palette; PNG, JPEG, BMP and one-page TIFF, in
    which floats are read as well. RGB of 16 bits outside TIFF is read with 8. Whole numbers are
    divided by their type's largest one; with `percentiles` those two of the image's own values
    become 0 and 1 and the rest is clipped.

    Raises:
        CasebookError: not an image, damaged, of several pages, or of floats outside 0..1 without
            percentiles; the message starts with `name`, by default the path.
    """
    label = name or (str(source) if isinstance(source, Path) else "image")
    values = _with_channels(read_values(source, name=label), channels)
    if percentiles is not None:
        return _stretched(values, percentiles)
    if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
        raise CasebookError(f"{label}: its floats are outside 0..1; state prepare.percentiles, such as [1.0, 99.8]")
    return values


def read_values(source: bytes | Path, *, name: str) -> np.ndarray:
    """The image (H, W, C) as float32, C from 1 to 4; whole numbers divided by their type's largest one."""
    try:
        content = source.read_bytes() if isinstance(source, Path) else source
        with _quiet():
            array = _read_tiff(content) if content[:4] in TIFF_STARTS else None
            return _scaled(_read_pillow(content) if array is None else array)
    except CasebookError as error:
        raise CasebookError(f"{name}: {error}") from None
    except Exception as error:  # both readers parse by hand, and of broken files let anything through
        raise CasebookError(f"{name}: {_reason(source, error)}") from None


def read_size(source: bytes | Path, *, name: str) -> tuple[int, int]:
    """Width and height after EXIF rotation, in pixels, from the header where the format has one.

    Raises:
        CasebookError: not an image; the message starts with `name`.
    """
    try:
        with _quiet(), Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
            width, height = image.size
            # Pillow turns TIFFs itself.
            swapped = image.format != "TIFF" and image.getexif().get(ORIENTATION, 1) >= 5
            return (height, width) if swapped else (width, height)
    except Exception:
        height, width = read_values(source, name=name).shape[:2]  # a TIFF of a kind that Pillow does not know
        return width, height


def _read_pillow(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as image:
        if (pages := getattr(image, "n_frames", 1)) > 1:
            raise CasebookError(f"{pages} pages; save the one to look at as a file of its own")
        turned = ImageOps.exif_transpose(image)
        if turned.mode == "P" or "transparency" in turned.info:
            turned = turned.convert("RGBA")
        elif turned.mode not in ("1", "L", "LA", "RGB", "RGBA", "I", "F") and not turned.mode.startswith("I;16"):
            turned = turned.convert("RGB")  # CMYK, YCbCr, LAB, HSV
        array = np.asarray(turned)
        # Pillow holds 16-bit grey PNGs of some kinds as 32-bit integers.
        return array.astype(np.uint16) if turned.mode.startswith("I") else array


def _read_tiff(content: bytes) -> np.ndarray | None:
    """None where Pillow is to try: compressions that tifffile leaves to a further package, and palettes."""
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        if len(file.pages) > 1 and len(file.series) != 1:
            raise CasebookError(f"{len(file.pages)} pages; save the one to look at as a file of its own")
        series = file.series[0]
        page = file.pages.first
        if page.photometric == tifffile.PHOTOMETRIC.PALETTE:
            return None
        try:
            array = series.asarray()
        except ValueError as error:
            if "imagecodecs" in str(error):
                return None
            raise
        array = _plane(array, series.axes)
        if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE and array.dtype.kind == "u":
            array = np.iinfo(array.dtype).max - array
        return _turned(array, int(page.tags[ORIENTATION].value) if ORIENTATION in page.tags else 1)


def _plane(array: np.ndarray, axes: str) -> np.ndarray:
    """(H, W) or (H, W, C) of a series whose `axes` may start with its channels; others are refused."""
    shape = array.shape
    single = tuple(place for place, axis in enumerate(axes) if axis not in "YX" and shape[place] == 1)
    array = array.squeeze(single)
    kept = "".join(axis for place, axis in enumerate(axes) if place not in single)
    if kept == "YX":
        return array
    # Samples are a picture's colours and how opaque it is; channels of a microscope are so only by threes.
    if (kept == "SYX" and array.shape[0] <= 4) or (kept == "CYX" and array.shape[0] == 3):
        return np.moveaxis(array, 0, -1)
    if (kept == "YXS" and array.shape[-1] <= 4) or (kept == "YXC" and array.shape[-1] == 3):
        return array
    raise CasebookError(
        f"shape {shape} with axes {axes}: not one picture, grey or in colours; save the plane to look at by itself"
    )


def _turned(array: np.ndarray, orientation: int) -> np.ndarray:
    """TIFF 6.0's eight orientations; 5 to 8 swap width and height."""
    if orientation >= 5:
        array = np.swapaxes(array, 0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    return array[:, ::-1] if orientation in (2, 3, 6, 7) else array


def _scaled(array: np.ndarray) -> np.ndarray:
    array = array[..., None] if array.ndim == 2 else array
    if array.ndim != 3 or not 1 <= array.shape[2] <= 4 or array.size == 0:
        raise ValueError(f"its pixels are of shape {array.shape}")
    if array.dtype.kind == "u":
        return array.astype(np.float32) / np.float32(np.iinfo(array.dtype).max)
    if array.dtype.kind == "i":
        return np.maximum(array, 0).astype(np.float32) / np.float32(np.iinfo(array.dtype).max)
    return array.astype(np.float32)


def _with_channels(values: np.ndarray, channels: int) -> np.ndarray:
    if values.shape[2] in (2, 4):  # the last is the share of the picture that covers what is behind
        alpha = values[..., -1:]
        values = values[..., :-1] * alpha + (1 - alpha)
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


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what the readers say of metadata: it tells nothing of the pixels, and the caller nothing new."""
    log = logging.getLogger("tifffile")
    before = log.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        log.setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            log.setLevel(before)


def _reason(source: bytes | Path, error: BaseException) -> str:
    if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError):
        return f"cannot be read: {error.strerror}"
    if (source if isinstance(source, bytes) else source.read_bytes()) == b"":
        return "an empty file (0 bytes)"
    if isinstance(error, UnidentifiedImageError):
        return f"not an image of a known kind; {', '.join(SUFFIXES)} are"
    if isinstance(error, Image.DecompressionBombError):
        return "too many pixels to be read at once; save it as TIFF, or cut it into pieces"
    return f"damaged image ({' '.join(str(error).split()) or type(error).__name__})"
