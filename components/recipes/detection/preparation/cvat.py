"""Folders in CVAT's own form for images: an XML file for many images."""

import math
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from components.core.errors import CasebookError
from components.recipes.detection.preparation.files import Names, Places, image_files
from components.recipes.detection.preparation.outlines import NO_BOX, around, ellipse, turned
from components.recipes.detection.preparation.reading import Reading
from components.recipes.detection.preparation.records import (
    NO_ANNOTATION,
    NO_FILE,
    NO_SHAPE,
    ImageRecord,
    Rejected,
    as_boxes,
)

CORNERS = ("xtl", "ytl", "xbr", "ybr")
WITHOUT_BOX = ("polyline", "points", "cuboid", "skeleton", "tag")
DRAWN = ("polygon", "ellipse", "mask")
EXPORT = "export it as 'CVAT for images 1.1'"


def read_cvat(images: Path, annotations: Path, reading: Reading | None = None) -> Iterator[ImageRecord | Rejected]:
    """Each image with its boxes, by name; `annotations` is CVAT's XML file or a folder of them.

    Boxes that are turned, polygons, ellipses and masks give the upright box around them; lines, points and tags none.

    Raises:
        CasebookError: a folder is missing or empty, or a file is none of CVAT's for images.
    """
    reading = reading or Reading()
    files = image_files(images)
    lie, paths = Places(images, annotations), _xml_files(annotations)
    places, roots = {name: lie.of(path) for name, path in files.items()}, [(path, _root(path)) for path in paths]
    written = [image.get("name", "") for _, root in roots for image in root.findall("image")]
    folders = [lie.of(path) for path in paths]
    names = Names(files, places=places, folders=folders, written=written, told=reading.told)
    found: dict[str, ImageRecord] = {}
    for path, root in roots:
        for image in root.findall("image"):
            title = image.get("name", "").strip()
            if (name := names.find(title, lie.of(path))) is None:
                yield Rejected(title, None, f"{NO_FILE}: {path.name}")
            elif name in found:
                yield Rejected(title, None, f"annotation cannot be read: {path.name} has a second one for {name}")
            else:
                found[name] = _record(name, files[name], image, reading)
                yield found[name]
                yield from _without_box(name, image)
    for name in sorted(files.keys() - found.keys()):
        yield Rejected(name, None, NO_ANNOTATION)


def _xml_files(annotations: Path) -> list[Path]:
    paths = sorted(annotations.rglob("*.xml")) if annotations.is_dir() else [annotations]
    if not paths or not paths[0].is_file():
        raise CasebookError(f"{annotations}: no .xml file; prepare.annotations names CVAT's file or a folder of them")
    return paths


def _root(path: Path) -> ElementTree.Element:
    try:
        root = ElementTree.fromstring(path.read_bytes())  # noqa: S314 - expat refuses what grows without end
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise CasebookError(f"{path}: not XML: {error}; {EXPORT}") from None
    if root.tag != "annotations" or root.find("image") is None:
        what = "CVAT's form for video" if root.find("track") is not None else f"XML of <{root.tag[:40]}> without images"
        raise CasebookError(f"{path}: {what}; {EXPORT}")
    return root


def _record(name: str, path: Path, image: ElementTree.Element, reading: Reading) -> ImageRecord:
    shapes = [one for one in image if one.tag == "box" or one.tag in DRAWN]
    drawn = frozenset(n for n, one in enumerate(shapes) if one.tag in DRAWN or _number(one, "rotation", 0.0))
    if drawn:
        reading.told.add("box(es) are those around a polygon, a mask or a turned box", name, len(drawn))
    labels = tuple(one.get("label", "").strip() for one in shapes)
    width, height = (_number(image, side, 0.0) for side in ("width", "height"))
    sizes = [int(side) if math.isfinite(side) else 0 for side in (width, height)]
    return ImageRecord(name, path, sizes[0], sizes[1], as_boxes([_box(one) for one in shapes]), labels, None, drawn)


def _box(one: ElementTree.Element) -> list[float]:
    degrees = _number(one, "rotation", 0.0)
    if not math.isfinite(degrees):
        return NO_BOX
    if one.tag == "box":
        return turned([_number(one, corner) for corner in CORNERS], degrees)
    if one.tag == "polygon":
        return around([_point(text) for text in one.get("points", "").split(";")])
    if one.tag == "ellipse":
        x, y, radius_x, radius_y = (_number(one, key) for key in ("cx", "cy", "rx", "ry"))
        return ellipse(x, y, radius_x, radius_y, degrees)
    left, top, width, height = (_number(one, key) for key in ("left", "top", "width", "height"))
    return [left, top, left + width, top + height]


def _point(text: str) -> tuple[float, float]:
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError:
        return math.nan, math.nan
    return x, y


def _without_box(name: str, image: ElementTree.Element) -> Iterator[Rejected]:
    for place, one in enumerate(image):
        if one.tag in WITHOUT_BOX:
            yield Rejected(name, place, f"{NO_SHAPE}: {one.tag}")


def _number(one: ElementTree.Element, key: str, default: float = math.nan) -> float:
    try:
        return float(one.get(key, default))
    except ValueError:
        return math.nan
