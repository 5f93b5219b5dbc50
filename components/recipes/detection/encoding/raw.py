"""An encoded image to the numbers in it, as they are written: PNG, JPEG, BMP, TIFF and DICOM."""

import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tifffile
from PIL import Image, ImageOps, UnidentifiedImageError

from components.core.errors import CasebookError

SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp")
DICOM_SUFFIXES = (".dcm", ".dicom")
TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
DICOM_MARK = (128, b"DICM")  # where the mark of a file of that form stands, whatever its name
ORIENTATION = 0x0112  # EXIF and TIFF
TRANSPARENCY = (tifffile.EXTRASAMPLE.ASSOCALPHA, tifffile.EXTRASAMPLE.UNASSALPHA)
COLOURS = (1, 3)  # channels that are a picture as they are
PLAIN = ("1", "L", "LA", "RGB", "RGBX", "RGBA", "I", "F")  # modes of Pillow whose numbers are taken as they are
LARGEST = "max"  # of a plane: the largest value along it
Axis = Literal["z", "t", "page"]
AXES: Mapping[str, Axis] = {"Z": "z", "T": "t"}
MICRONS = {"µm": 1.0, "um": 1.0, "micron": 1.0, "microns": 1.0, "nm": 1e-3, "mm": 1e3, "cm": 1e4, "m": 1e6}

Plane = Mapping[Axis, int | str]


class OpenError(CasebookError):
    """The file leaves open which of its planes or channels is to be looked at; the message says how to name one."""


@dataclass(frozen=True, eq=False)
class Raw:
    """`array` (H, W, C) in its own type, turned as its EXIF says; `alpha`: the file says that its last channel is how
    opaque the others are. `microns` is the side of a pixel where the file tells it.
    """

    array: np.ndarray
    alpha: bool
    microns: float | None = None
    dicom: bool = False

    @property
    def channels(self) -> int:
        """Without how opaque they are."""
        return int(self.array.shape[2]) - self.alpha

    @property
    def depth(self) -> str:
        """The type that its numbers have, such as `uint8`."""
        return str(self.array.dtype)


def read_raw(source: bytes | Path, *, name: str, plane: Plane | None = None) -> Raw:
    """The image in a file, or the `plane` of a file that has several.

    Raises:
        CasebookError: not an image, damaged, or of several planes of which none is named; it starts with `name`.
    """
    try:
        content = source.read_bytes() if isinstance(source, Path) else source
        with _quiet():
            return _whole(_read(content, plane or {}))
    except CasebookError as error:
        raise type(error)(f"{name}: {error}") from None
    except Exception as error:  # the readers parse by hand, and of broken files let anything through
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
    except Exception:  # a TIFF of a kind that Pillow does not know, whose planes are all of one size, or DICOM
        height, width = _any_plane(source, name).array.shape[:2]
        return width, height


def is_dicom(content: bytes) -> bool:
    place, mark = DICOM_MARK
    return content[place : place + len(mark)] == mark


def _any_plane(source: bytes | Path, name: str) -> Raw:
    return read_raw(source, name=name, plane={"z": 1, "t": 1, "page": 1})


def _read(content: bytes, plane: Plane) -> Raw:
    if is_dicom(content):
        return _read_dicom(content, plane)
    found = _read_tiff(content, plane) if content[:4] in TIFF_STARTS else None
    return _read_pillow(content) if found is None else found


def _whole(raw: Raw) -> Raw:
    array = raw.array[..., None] if raw.array.ndim == 2 else raw.array
    if array.ndim != 3 or array.size == 0 or array.shape[2] - raw.alpha < 1:
        raise ValueError(f"its pixels are of shape {raw.array.shape}")
    return replace(raw, array=array)


def _read_pillow(content: bytes) -> Raw:
    with Image.open(io.BytesIO(content)) as image:
        if (pages := getattr(image, "n_frames", 1)) > 1:
            raise CasebookError(f"{pages} pages; save the one to look at as a file of its own")
        turned = ImageOps.exif_transpose(image)
        if turned.mode == "P" or "transparency" in turned.info:
            turned = turned.convert("RGBA")
        elif turned.mode not in PLAIN and not turned.mode.startswith("I;16"):
            turned = turned.convert("RGB")  # CMYK, YCbCr, LAB, HSV
        array = np.asarray(turned)
        # Pillow holds 16-bit grey PNGs of some kinds as 32-bit integers.
        array = array.astype(np.uint16) if turned.mode.startswith("I") else array
        return Raw(array, alpha=turned.mode in ("LA", "RGBA"))


def _read_tiff(content: bytes, plane: Plane) -> Raw | None:
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
        array = _picture(array, series.axes, plane)
        if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE and array.dtype.kind == "u":
            array = np.iinfo(array.dtype).max - array
        array = _turned(array, int(page.tags[ORIENTATION].value) if ORIENTATION in page.tags else 1)
        alpha = array.ndim == 3 and bool(page.extrasamples) and page.extrasamples[-1] in TRANSPARENCY
        return Raw(array, alpha=alpha, microns=_microns(file))


def _picture(array: np.ndarray, axes: str, plane: Plane) -> np.ndarray:
    """(H, W) or (H, W, C) of a series; of other axes than its channels, the one that `plane` names."""
    for letter in [axis for axis in axes if axis not in "YXSC"]:
        place = axes.index(letter)
        if (count := array.shape[place]) > 1:
            array = _one_of(array, place, AXES.get(letter, "page"), count, plane)
        else:
            array = array.squeeze(place)
        axes = axes.replace(letter, "", 1)
    single = tuple(place for place, axis in enumerate(axes) if axis not in "YX" and array.shape[place] == 1)
    array = array.squeeze(single)
    kept = "".join(axis for place, axis in enumerate(axes) if place not in single)
    if kept in ("YX", "YXS", "YXC"):
        return array
    if kept in ("SYX", "CYX"):
        return np.moveaxis(array, 0, -1)
    raise CasebookError(
        f"shape {array.shape} with axes {kept}: not one picture, grey or in colours; save the plane to look at by "
        "itself"
    )


def _one_of(array: np.ndarray, place: int, name: Axis, count: int, plane: Plane) -> np.ndarray:
    """The named one of `count` planes along an axis, counted from 1, or the largest values of all."""
    chosen = plane.get(name)
    if chosen is None:
        raise OpenError(
            f"{count} planes along {name}, not one picture; name one, counted from 1, with --plane {name}=1 "
            f"(prepare.plane), or {name}={LARGEST} for the largest values of all"
        )
    if chosen == LARGEST:
        return np.asarray(array.max(axis=place))
    if not 1 <= int(chosen) <= count:
        raise CasebookError(f"prepare.plane: {name}={chosen}, and there are {count} planes along {name}")
    return array.take(int(chosen) - 1, axis=place)


def _read_dicom(content: bytes, plane: Plane) -> Raw:
    """Values in the modality's units, such as Hounsfield's."""
    import pydicom
    from pydicom.pixels import apply_modality_lut

    file = pydicom.dcmread(io.BytesIO(content))
    array = file.pixel_array
    if (frames := int(file.get("NumberOfFrames", 1) or 1)) > 1:
        array = _one_of(array, 0, "page", frames, plane)
    if array.ndim == 2:
        array = apply_modality_lut(array, file)
        if array.dtype.kind == "f" and (array == np.round(array)).all():  # a slope of 1: whole numbers
            array = array.astype(np.int32 if np.abs(array).max() > np.iinfo(np.int16).max else np.int16)
        if file.PhotometricInterpretation == "MONOCHROME1":
            array = array.max() + array.min() - array  # drawn the other way round: the highest value is black
    spacing = file.get("PixelSpacing") or file.get("ImagerPixelSpacing")
    return Raw(array, alpha=False, microns=1e3 * float(spacing[0]) if spacing else None, dicom=True)


def _microns(file: tifffile.TiffFile) -> float | None:
    """The side of a pixel as OME or ImageJ state it; the resolution of plain TIFF is mostly that of a screen."""
    try:
        if file.is_ome:
            pixels = tifffile.xml2dict(file.ome_metadata or "")["OME"]["Image"]
            pixels = (pixels[0] if isinstance(pixels, list) else pixels)["Pixels"]
            return _length(pixels.get("PhysicalSizeX"), pixels.get("PhysicalSizeXUnit", "µm"))
        if file.is_imagej and (unit := (file.imagej_metadata or {}).get("unit")):
            across, of = file.pages.first.tags["XResolution"].value
            return _length(of / across if across else None, str(unit).replace("\\u00B5", "µ"))
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return None


def _length(value: Any, unit: str) -> float | None:
    factor = MICRONS.get(unit.lower())
    return None if value is None or factor is None or not float(value) > 0 else float(value) * factor


def _turned(array: np.ndarray, orientation: int) -> np.ndarray:
    """TIFF 6.0's eight orientations; 5 to 8 swap width and height."""
    if orientation >= 5:
        array = np.swapaxes(array, 0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    return array[:, ::-1] if orientation in (2, 3, 6, 7) else array


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what the readers say of metadata: it tells nothing of the pixels, and the caller nothing new."""
    logs = [logging.getLogger(name) for name in ("tifffile", "pydicom")]
    before = [log.level for log in logs]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for log in logs:
            log.setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            for log, level in zip(logs, before, strict=True):
                log.setLevel(level)


def _reason(source: bytes | Path, error: BaseException) -> str:
    if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError):
        return f"cannot be read: {error.strerror}"
    if (source if isinstance(source, bytes) else source.read_bytes()) == b"":
        return "an empty file (0 bytes)"
    if isinstance(error, UnidentifiedImageError):
        return f"not an image of a known kind; {', '.join(SUFFIXES)} are"
    if isinstance(error, Image.DecompressionBombError):
        return "too many pixels to be read at once; save it as TIFF, or cut it into pieces"
    return f"damaged image ({' '.join(str(error).split())[:200] or type(error).__name__})"
