"""Which form the annotations of a folder have."""

import logging
import re
from dataclasses import dataclass
from os.path import commonpath
from pathlib import Path

from components.core.errors import CasebookError
from components.recipes.detection.preparation.coco import PARTS, read_json_file
from components.recipes.detection.preparation.masks import FOLDERS, is_mask, split_masks
from components.recipes.detection.preparation.yolo import OTHER_TEXTS, class_names, label_files

log = logging.getLogger(__name__)

JSON_STARTS = 1 << 20  # characters in which a COCO file shows itself
XML_STARTS = 1 << 14  # bytes in which the root of an XML file shows itself
ROOTS = {b"annotation": "voc", b"annotations": "cvat"}
ROOT = re.compile(rb"<([A-Za-z_][\w.-]*)[\s>/]")
FILES = {"voc": ".xml files", "coco": "COCO .json files", "yolo": "YOLO .txt files", "cvat": "CVAT .xml files"}


@dataclass(frozen=True)
class Form:
    """A form with its annotation files, and what of them the block names: a folder or a file."""

    name: str
    files: list[Path]
    annotations: Path


def find_form(folder: Path) -> Form:
    """The form of the annotations below `folder`.

    Raises:
        CasebookError: there are none of a known form, or of several.
    """
    found = {name: files for name, files in _annotations(folder).items() if files}
    if len(found) > 1:
        listed = " and ".join(f"{len(files)} {FILES[name]}" for name, files in found.items())
        raise CasebookError(f"{folder}: has {listed}; name a folder with one of them")
    if not found and (masks := _masks(folder)):
        found["masks"] = masks
    if not found:
        raise CasebookError(
            f"{folder}: no annotations of a known form: Pascal VOC's .xml, one for each image, CVAT's .xml, COCO's "
            ".json, YOLO's .txt, or masks in a folder masks/ or with _mask behind the image's name; it has "
            f"{_listed(folder)}{_why(folder)}. Export one of these from your annotation tool"
        )
    name, files = next(iter(found.items()))
    log.info("form %s: %d annotation file(s), such as %s", name, len(files), files[0].relative_to(folder))
    return Form(name, files, _named(name, folder, files))


def _annotations(folder: Path) -> dict[str, list[Path]]:
    xmls = [(path, _root(path)) for path in visible(folder, ".xml")]
    return {
        # A broken one is likely VOC's: it is named when it is read.
        "voc": [path for path, root in xmls if root in (None, "voc")],
        "coco": [path for path in visible(folder, ".json") if _is_coco(path)],
        "yolo": _labels(folder),
        "cvat": [path for path, root in xmls if root == "cvat"],
    }


def _labels(folder: Path) -> list[Path]:
    """YOLO's texts; empty ones alone are none."""
    found = label_files(folder)
    return found if any(path.stat().st_size for path in found) else []


def _masks(folder: Path) -> list[Path]:
    try:
        files, masks = split_masks(folder, folder)
    except CasebookError:
        return []
    return masks if files else []


def _named(name: str, folder: Path, files: list[Path]) -> Path:
    if name == "voc" or len(files) > 1:
        parent = Path(commonpath([path.parent for path in files]))
    else:
        parent = files[0] if name in ("coco", "cvat") else files[0].parent
    if name == "masks" and parent.name.lower() not in FOLDERS and not all(is_mask(path, parent) for path in files):
        return folder
    if name == "yolo" and class_names(parent) is None and class_names(folder) is not None:
        return folder  # data.yaml lies beside the folder of the texts
    return parent


def visible(folder: Path, suffix: str) -> list[Path]:
    paths = (path for path in folder.rglob(f"*{suffix}") if path.is_file())
    return sorted(path for path in paths if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def _root(path: Path) -> str | None:
    """The form that the root of an XML file is of; "" for another, None where there is no root."""
    with path.open("rb") as file:
        start = file.read(XML_STARTS)
    found = ROOT.search(start)
    return None if found is None else ROOTS.get(found[1], "")


def _is_coco(path: Path) -> bool:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        start = file.read(JSON_STARTS)
    if not any(f'"{part}"' in start for part in PARTS):
        return False
    try:
        read_json_file(path)
    except CasebookError:
        return False
    return True


def _why(folder: Path) -> str:
    """Of the first file that might have been one of annotations, why it is none."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    capitals = [path for path in files if path.suffix in (".XML", ".JSON", ".TXT")]
    if capitals:
        return f"; {capitals[0].name} ends in capitals: rename such files, to {capitals[0].suffix.lower()}"
    for path in files:
        if path.suffix == ".json":
            try:
                read_json_file(path)
            except CasebookError as error:
                return f"; {path.name}: {str(error).removeprefix(f'{path}: ').partition(';')[0][:200]}"
        elif path.suffix == ".txt" and path.name.lower() not in OTHER_TEXTS:
            with path.open(encoding="utf-8", errors="replace") as file:
                first = file.readline(100).strip()
            return f"; {path.name} begins with {first!r}, where YOLO has the number of a class and four shares"
    return ""


def _listed(folder: Path) -> str:
    """How many files of which suffix there are."""
    counts: dict[str, int] = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            counts[path.suffix.lower()] = counts.get(path.suffix.lower(), 0) + 1
    most = sorted(counts.items(), key=lambda one: -one[1])[:5]
    return ", ".join(f"{count} {suffix or 'without a suffix'}" for suffix, count in most) or "no files"
