"""Folders in the form of COCO: one JSON file for many images."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.core.errors import CasebookError
from components.core.job import ORIGIN_FILE
from components.recipes.detection.preparation.files import Folder, Names, Places, image_files
from components.recipes.detection.preparation.outlines import NO_BOX, of_segmentation, turned
from components.recipes.detection.preparation.reading import Reading
from components.recipes.detection.preparation.records import (
    BAD_FLAG,
    CROWD,
    IGNORED,
    NO_ANNOTATION,
    NO_FILE,
    NO_IMAGE,
    ImageRecord,
    Rejected,
    as_boxes,
    flag,
)

UNKNOWN = ""  # of a category's id that names none: no class has this name
PARTS = ("images", "annotations", "categories")


@dataclass
class _Boxes:
    """The boxes of one image, as they come."""

    width: int
    height: int
    corners: list[list[float]] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    drawn: set[int] = field(default_factory=set)


def read_coco(images: Path, annotations: Path, reading: Reading | None = None) -> Iterator[ImageRecord | Rejected]:
    """Each image with its boxes, by name; `annotations` is a JSON file or a folder of them.

    Ids may be any and need not follow each other, but only count within their file. An image that
    is listed without annotations has no boxes; one that no file lists is set aside, and so is a box
    with `iscrowd` or `ignore`, as a number or as text. An image in several files has the boxes of all. An
    object without `bbox` has the box around its `segmentation`.

    Raises:
        CasebookError: a folder is missing or empty, or a file is no COCO JSON.
    """
    reading = reading or Reading()
    files = image_files(images)
    lie = Places(images, annotations)
    paths = json_files(annotations)
    places = {name: lie.of(path) for name, path in files.items()}
    found: dict[str, _Boxes] = {}
    for path in paths:
        content = read_json_file(path)
        folders, written = [lie.of(one) for one in paths], listed_names(content)
        known = Names(files, places=places, folders=folders, written=written, told=reading.told)
        yield from _add(path, content, known, lie.of(path), found, reading)
    for name, path in files.items():
        if name in found:
            yield _record(name, path, found[name])
        else:
            yield Rejected(name, None, NO_ANNOTATION)


def json_files(annotations: Path) -> list[Path]:
    """The file itself, or the JSON files below a folder by path."""
    below = sorted(path for path in annotations.rglob("*.json") if path.name != ORIGIN_FILE)
    paths = below if annotations.is_dir() else [annotations]
    if not paths or not paths[0].is_file():
        raise CasebookError(f"{annotations}: no .json file; prepare.annotations names COCO's file or a folder of them")
    return paths


def read_json_file(path: Path) -> dict[str, list[dict[str, Any]]]:
    """A COCO file's images, annotations and categories.

    Raises:
        CasebookError: it is no JSON, or lacks one of the three, or an entry is no object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise CasebookError(f"{path}: not JSON: {error}") from None
    for part in PARTS:
        entries = content.get(part) if isinstance(content, dict) else None
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise CasebookError(
                f"{path}: no list of {part!r}, which a COCO file of boxes has; export it anew, or keep "
                "other files out of prepare.annotations"
            )
    return {part: content[part] for part in PARTS}


def listed_names(content: dict[str, list[dict[str, Any]]]) -> list[str]:
    """The file names of a COCO file's images."""
    return [str(image.get("file_name", "")) for image in content["images"]]


def _add(
    path: Path,
    content: dict[str, list[dict[str, Any]]],
    known: Names,
    near: Folder,
    found: dict[str, _Boxes],
    reading: Reading,
) -> Iterator[Rejected]:
    classes = _by_id(path, content["categories"], "name")
    names: dict[str, str | None] = {}
    for key, written in _by_id(path, content["images"], "file_name").items():
        names[key] = known.find(written, near)
    for image in content["images"]:
        written = str(image.get("file_name", ""))
        if (name := names[_key(image.get("id"))]) is None:
            yield Rejected(written, None, f"{NO_FILE}: {path.name}")
        else:
            found.setdefault(name, _Boxes(_length(image.get("width")), _length(image.get("height"))))
    for number, entry in enumerate(content["annotations"]):
        if (key := _key(entry.get("image_id"))) not in names:
            yield Rejected(key, number, f"{NO_IMAGE}: {path.name}")
            continue
        if (name := names[key]) is None:
            continue  # its image is set aside already
        if (reason := _mark(entry)) is not None:
            yield Rejected(name, number, reason)
            continue
        boxes, box = found[name], _corners(entry.get("bbox"))
        if box is None or (degrees := _degrees(entry)):
            box = of_segmentation(entry.get("segmentation")) if box is None else turned(box, degrees)
            boxes.drawn.add(len(boxes.corners))
            reading.told.add("box(es) are those around a polygon, a mask or a turned box", name)
        boxes.corners.append(box)
        boxes.labels.append(classes.get(_key(entry.get("category_id")), UNKNOWN))


def _mark(entry: dict[str, Any]) -> str | None:
    """Why a box is not learned from: some exporters write their marks as text."""
    crowd, ignored = flag(entry.get("iscrowd")), flag(entry.get("ignore"))
    if crowd is None or ignored is None:
        return f"{BAD_FLAG}: {str(entry.get('iscrowd' if crowd is None else 'ignore'))[:40]!r}"
    return CROWD if crowd else IGNORED if ignored else None


def _degrees(entry: dict[str, Any]) -> float:
    """By how much CVAT says that a box is turned."""
    attributes = entry.get("attributes")
    degrees = _number(attributes.get("rotation")) if isinstance(attributes, dict) else 0.0
    return degrees % 180 if math.isfinite(degrees) else 0.0


def _by_id(path: Path, entries: list[dict[str, Any]], what: str) -> dict[str, str]:
    """What each id of one part of a file stands for.

    Raises:
        CasebookError: an id stands for two: which one a box means cannot be known.
    """
    found: dict[str, str] = {}
    for entry in entries:
        key, value = _key(entry.get("id")), str(entry.get(what, UNKNOWN))
        if found.setdefault(key, value) != value:
            raise CasebookError(f"{path}: the id {key} is that of {found[key]!r} and of {value!r}; export it anew")
    return found


def _record(name: str, path: Path, boxes: _Boxes) -> ImageRecord:
    corners = as_boxes(boxes.corners)
    return ImageRecord(
        name, path, boxes.width, boxes.height, corners, tuple(boxes.labels), None, frozenset(boxes.drawn)
    )


def _corners(box: Any) -> list[float] | None:
    """x, y, width, height to the two corners; NaN where they are not four numbers, None where there is no box."""
    if box is None or box == []:
        return None
    if not isinstance(box, list) or len(box) != 4:
        return NO_BOX
    x, y, width, height = (_number(value) for value in box)
    return [x, y, x + width, y + height]


def _number(value: Any) -> float:
    try:
        return float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        return math.nan


def _length(value: Any) -> int:
    number = _number(value)
    return int(number) if math.isfinite(number) else 0


def _key(value: Any) -> str:
    """Some exporters write an id as text in one place and as a number in another."""
    return str(value)
