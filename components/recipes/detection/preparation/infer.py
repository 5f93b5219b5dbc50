"""A `prepare` block for a folder of annotated images that nobody has described."""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from os.path import commonpath
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from components.core.errors import CasebookError
from components.core.files import nearest_path
from components.recipes.detection.encoding.decode import SUFFIXES, decode
from components.recipes.detection.preparation.coco import PARTS, read_json_file
from components.recipes.detection.preparation.files import image_files
from components.recipes.detection.preparation.prepare import READERS
from components.recipes.detection.preparation.records import ImageRecord

log = logging.getLogger(__name__)

LOOKED_AT = 12  # images, to see of what kind they are
JSON_STARTS = 1 << 20  # characters in which a COCO file shows itself
# Names that exporters give to the lists, or to COCO's files, of each split.
SPLIT_WORDS = {"train": ("train",), "validation": ("val",), "test": ("test",)}
SHARES = {"validation": 0.15, "test": 0.15, "seed": 7}
MICROSCOPE = [1.0, 99.8]
GREY_GAP = 0.02  # between channels: what JPEG does to a grey picture


@dataclass(frozen=True)
class Seen:
    """A whole `prepare` block of plain types, and whether objects are brighter than what is around them."""

    prepare: dict[str, Any]
    bright: bool


def infer_images(folder: Path) -> Seen:
    """Find the form, the folders, the classes and the data's own lists below `folder`. Every choice is logged.

    Raises:
        CasebookError: no such folder, no annotations of a known form in it, those of both forms,
            or no image with a box.
    """
    if not folder.is_dir():
        hint = f"--images names the one with the images and their annotations{nearest_path(folder)}"
        raise CasebookError(f"{folder}: no such folder; {hint}")
    form, files = _form(folder)
    annotations = _parent(files) if form == "voc" or len(files) > 1 else files[0]
    images = _images(folder)
    records = [one for one in READERS[form](images, annotations) if isinstance(one, ImageRecord)]
    boxes = Counter(label for one in records for label in one.labels if label)
    if not boxes:
        raise CasebookError(f"{folder}: none of its {len(records)} annotated images has a box with a class")
    log.info("%d images with boxes of %s", len(records), ", ".join(f"{k} ({n})" for k, n in boxes.most_common()))
    lists = _lists(folder, files if form == "coco" else [])
    log.info("split: %s", "the data's own lists" if lists else "by image; see prepare.group for patients or slides")
    return _seen(folder, form, images, annotations, records, sorted(boxes), lists)


def _seen(
    folder: Path,
    form: str,
    images: Path,
    annotations: Path,
    records: list[ImageRecord],
    classes: list[str],
    lists: dict[str, str] | None,
) -> Seen:
    looks = [_look(one) for one in records[:: max(1, len(records) // LOOKED_AT)][:LOOKED_AT]]
    colour, deep = any(look.colour for look in looks), any(look.deep for look in looks)
    log.info("%s images%s", "colour" if colour else "grey", " of more than 8 bits" if deep else "")
    prepare = {
        "form": form,
        "images": _below(folder, images),
        "annotations": _below(folder, annotations),
        "lists": lists,
        "group": None,
        "classes": classes,
        "split": SHARES,
        "channels": 3 if colour else 1,
        "percentiles": MICROSCOPE if deep else None,
        "max_rejected": 0.01,
        "simulate": None,
    }
    return Seen(prepare, bright=float(np.nanmean([look.contrast for look in looks])) > 0)


def _form(folder: Path) -> tuple[str, list[Path]]:
    """`voc` or `coco`, and its annotation files."""
    voc = _visible(folder, ".xml")
    coco = [path for path in _visible(folder, ".json") if _is_coco(path)]
    if voc and coco:
        raise CasebookError(
            f"{folder}: has {len(voc)} .xml files and {len(coco)} COCO .json files; name a folder with one of the two"
        )
    if not voc and not coco:
        raise CasebookError(
            f"{folder}: no annotations of a known form: Pascal VOC's .xml, one for each image, or COCO's .json; "
            "export one of these from your annotation tool"
        )
    found = ("voc", voc) if voc else ("coco", coco)
    log.info("form %s: %d annotation file(s), such as %s", found[0], len(found[1]), found[1][0].relative_to(folder))
    return found


def _visible(folder: Path, suffix: str) -> list[Path]:
    paths = (path for path in folder.rglob(f"*{suffix}") if path.is_file())
    return sorted(path for path in paths if not any(part.startswith(".") for part in path.relative_to(folder).parts))


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


def _images(folder: Path) -> Path:
    """The folder that holds all images; VOC's own layout has drawings of its objects beside them."""
    photos = [path for path in folder.rglob("JPEGImages") if path.is_dir()]
    if len(photos) == 1 and any(path.suffix.lower() in SUFFIXES for path in photos[0].iterdir()):
        return photos[0]
    return _parent(image_files(folder).values())


def _parent(paths: Iterable[Path]) -> Path:
    return Path(commonpath([path.parent for path in paths]))


def _lists(folder: Path, coco: list[Path]) -> dict[str, str] | None:
    """The data's own split: text files beside each other, one for each part, or COCO files named or lying so."""
    if coco:
        return _by_words(folder, coco)
    parents = {path.parent for path in folder.rglob("train.txt")}
    found = (_by_words(folder, [parent / name for name in ("train.txt", "val.txt", "test.txt")]) for parent in parents)
    return next((lists for lists in found if lists), None)


def _by_words(folder: Path, paths: list[Path]) -> dict[str, str] | None:
    lists = {}
    for split, words in SPLIT_WORDS.items():
        named = [path for path in paths if path.is_file() and _says(path.relative_to(folder), words)]
        if len(named) != 1:
            return None
        lists[split] = named[0].relative_to(folder).as_posix()
    return lists if len(set(lists.values())) == len(lists) else None


def _says(path: Path, words: tuple[str, ...]) -> bool:
    return any(word in part.lower() for word in words for part in path.parts)


@dataclass(frozen=True)
class _Look:
    colour: bool
    deep: bool
    contrast: float


def _look(record: ImageRecord) -> _Look:
    """Whether an image has colours and more than 8 bits, and how much brighter its boxes are than the rest."""
    values = decode(record.path, channels=3, percentiles=(0.0, 100.0))
    inside = np.zeros(values.shape[:2], bool)
    for x1, y1, x2, y2 in np.nan_to_num(record.boxes).astype(int).clip(0).tolist():
        inside[y1:y2, x1:x2] = True
    grey = values.mean(axis=2)
    both = inside.any() and not inside.all()
    contrast = float(grey[inside].mean() - grey[~inside].mean()) if both else float("nan")
    return _Look(float(np.ptp(values, axis=2).mean()) > GREY_GAP, _is_deep(record.path), contrast)


def _is_deep(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            return image.mode.startswith(("I", "F"))
    except OSError:
        return True  # a TIFF that Pillow does not know has more than 8 bits, or more than 4 channels


def _below(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()
