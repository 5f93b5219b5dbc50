"""Folders in YOLO's form: a text file for each image, a line for each box."""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from components.core.errors import CasebookError
from components.core.yaml_files import read_yaml
from components.recipes.detection.preparation.files import Names, Places, image_files
from components.recipes.detection.preparation.outlines import NO_BOX, around, pairs
from components.recipes.detection.preparation.reading import Reading
from components.recipes.detection.preparation.records import (
    BAD_TEXT,
    NO_FILE,
    ImageRecord,
    Rejected,
    as_boxes,
)

NAME_FILES = ("classes.txt", "obj.names", "_darknet.labels")  # a class a line
OTHER_TEXTS = frozenset((*NAME_FILES, "train.txt", "val.txt", "valid.txt", "test.txt"))
LINE = re.compile(r"\s*\d+(\.0*)?(\s+[-+.\deE]+){4,}\s*")  # a class and four numbers or more
CENTRES, POLYGON = 5, 7  # numbers of a line: of a box, and at least of an outline


def read_yolo(images: Path, annotations: Path, reading: Reading | None = None) -> Iterator[ImageRecord | Rejected]:
    """Each image with its boxes as shares of it, by name; `annotations` has the texts and the names of their classes.

    A line is a class and x, y of the middle, width and height; with six numbers or more it is an outline, as a
    turned box has it. An image without a text has no boxes. Classes have the names of `data.yaml`, `classes.txt` or
    `obj.names`, or else their numbers.

    Raises:
        CasebookError: a folder is missing or has no image or no such text, or the classes cannot be read.
    """
    reading = reading or Reading()
    files, classes = image_files(images), class_names(annotations)
    texts = label_files(annotations)
    if not texts:
        raise CasebookError(
            f"{annotations}: no .txt file of boxes; prepare.annotations names the folder of YOLO's texts"
        )
    if classes is None:
        reading.told.add("folder without data.yaml, classes.txt or obj.names: classes are called by their numbers", "")
    lie = Places(images, annotations)
    places = {name: lie.of(path) for name, path in files.items()}
    names = Names(files, places=places, folders=[lie.of(path) for path in texts], told=reading.told)
    seen: set[str] = set()
    for path in texts:
        name = names.find(path.stem, lie.of(path))
        if name is None:
            yield Rejected(path.stem, None, f"{NO_FILE}: {path.name}")
        elif name in seen:
            yield Rejected(name, None, f"{BAD_TEXT}: {path.name} is a second one for this image")
        else:
            yield _read(path, name, files[name], classes, reading)
        seen.add(name or "")
    for name in sorted(files.keys() - seen):
        reading.told.add("image(s) without a text have no boxes, as is YOLO's rule", name)
        yield ImageRecord(name, files[name], 0, 0, as_boxes([]), (), None)


def label_files(folder: Path) -> list[Path]:
    """The texts below `folder` that hold boxes, or nothing."""
    if not folder.is_dir():
        return []
    paths = (path for path in folder.rglob("*.txt") if path.is_file() and path.name.lower() not in OTHER_TEXTS)
    shown = (path for path in paths if not any(part.startswith(".") for part in path.relative_to(folder).parts))
    return sorted(path for path in shown if _is_label(path))


def class_names(folder: Path) -> list[str] | None:
    """Names by number, None where nothing names them.

    Raises:
        CasebookError: a file that names them is of no known form, or two name them otherwise.
    """
    found: dict[Path, list[str]] = {}
    for path in sorted(folder.rglob("*.y*ml")):
        content = read_yaml(path)
        if isinstance(content, dict) and "names" in content:
            found[path] = _names(path, content["names"])
    for path in sorted(one for name in NAME_FILES for one in folder.rglob(name)):
        found[path] = [line.strip() for line in _text(path).splitlines() if line.strip()]
    first = next(iter(found), None)
    if first is None:
        return None
    for path, names in found.items():
        if names != found[first]:
            raise CasebookError(f"{path}: names other classes than {first}; leave one of the two")
    return found[first]


def _names(path: Path, names: Any) -> list[str]:
    if isinstance(names, list):
        return [str(name).strip() for name in names]
    if isinstance(names, dict) and all(str(key).isdigit() for key in names):
        numbered = {int(key): str(name).strip() for key, name in names.items()}
        if sorted(numbered) == list(range(len(numbered))):
            return [numbered[key] for key in sorted(numbered)]
    raise CasebookError(f"{path}: names is no list of classes, nor a map of the numbers from 0")


def _read(path: Path, name: str, image: Path, classes: list[str] | None, reading: Reading) -> ImageRecord | Rejected:
    boxes, labels, drawn = list[list[float]](), list[str](), set[int]()
    for number, line in enumerate(_text(path).splitlines(), 1):
        if not line.strip():
            continue
        try:
            label, *numbers = (float(part) for part in line.split())
        except ValueError:
            return Rejected(name, None, f"{BAD_TEXT}: {path.name}, line {number}: {line[:60]!r}")
        if len(numbers) + 1 > CENTRES + 1:
            drawn.add(len(boxes))
        boxes.append(_box(numbers))
        labels.append(_label(label, classes))
    if drawn:
        reading.told.add("box(es) are those around a polygon or a turned box", name, len(drawn))
    return ImageRecord(name, image, 0, 0, as_boxes(boxes), tuple(labels), None, frozenset(drawn))


def _box(numbers: list[float]) -> list[float]:
    if len(numbers) + 1 == CENTRES:
        x, y, width, height = numbers
        return [x - width / 2, y - height / 2, x + width / 2, y + height / 2]
    return around(pairs(numbers)) if len(numbers) + 1 >= POLYGON else NO_BOX


def _label(number: float, classes: list[str] | None) -> str:
    if not math.isfinite(number) or number != int(number) or number < 0:
        return ""
    if classes is None:
        return str(int(number))
    return classes[int(number)] if number < len(classes) else ""


def _is_label(path: Path) -> bool:
    """Whether its first line is one of a box; an empty text says that there is none."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        first = next((line for line in file if line.strip()), None)
    return first is None or LINE.fullmatch(first.rstrip("\n")[:100_000]) is not None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise CasebookError(f"{path}: not UTF-8 text; save it as that") from None
