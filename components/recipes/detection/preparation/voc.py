"""Folders in the form of Pascal VOC: an XML file for each image."""

import math
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from components.core.errors import CasebookError
from components.recipes.detection.preparation.files import Names, image_files
from components.recipes.detection.preparation.records import (
    BAD_XML,
    NO_ANNOTATION,
    NO_FILE,
    ImageRecord,
    Rejected,
    as_boxes,
)

CORNERS = ("xmin", "ymin", "xmax", "ymax")


def read_voc(images: Path, annotations: Path) -> Iterator[ImageRecord | Rejected]:
    """Each image with its boxes, by name, and each file that has no counterpart or cannot be read.

    An annotation belongs to the image that its `filename` names, or else to the one with its own
    stem. Corners are taken as written: the tools in use today count pixels from 0 and mean the
    edges of a box, where VOC's own files count from 1 and include the last pixel.

    Raises:
        CasebookError: a folder is missing, or has no image or no XML file.
    """
    files = image_files(images)
    names = Names(files)
    xmls = sorted(path for path in annotations.rglob("*.xml") if path.is_file()) if annotations.is_dir() else []
    if not xmls:
        raise CasebookError(f"{annotations}: no .xml file; prepare.annotations names the folder of the VOC annotations")
    seen: set[str] = set()
    for path in xmls:
        found = _read(path, files, names)
        if isinstance(found, ImageRecord) and found.name in seen:
            found = Rejected(found.name, None, f"{BAD_XML}: {path.name} is a second one for this image")
        seen.add(found.name if isinstance(found, ImageRecord) else found.image)
        yield found
    for name in sorted(files.keys() - seen):
        yield Rejected(name, None, NO_ANNOTATION)


def _read(path: Path, files: dict[str, Path], names: Names) -> ImageRecord | Rejected:
    try:
        root = ElementTree.fromstring(path.read_bytes())  # noqa: S314 - expat refuses what grows without end
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        return Rejected(names.find(path.stem) or path.stem, None, f"{BAD_XML}: {path.name}: {error}")
    written = (root.findtext("filename") or "").strip()
    name = names.find(written) or names.find(path.stem)
    if name is None:
        return Rejected(written or path.stem, None, f"{NO_FILE}: {path.name}")
    objects = root.findall("object")
    boxes = as_boxes([[_number(one.find("bndbox"), corner) for corner in CORNERS] for one in objects])
    labels = tuple((one.findtext("name") or "").strip() for one in objects)
    size = root.find("size")
    width, height = (_length(_number(size, key)) for key in ("width", "height"))
    return ImageRecord(name, files[name], width, height, boxes, labels, None)


def _number(parent: ElementTree.Element | None, key: str) -> float:
    """The number in a child, NaN where there is none."""
    try:
        return float((parent.findtext(key) if parent is not None else None) or "nan")
    except ValueError:
        return math.nan


def _length(number: float) -> int:
    return int(number) if math.isfinite(number) else 0
