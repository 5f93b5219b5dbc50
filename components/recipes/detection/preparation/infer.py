"""A `prepare` block for a folder of annotated images that nobody has described."""

import logging
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from os.path import commonpath
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from components.core.errors import CasebookError
from components.core.files import nearest_path
from components.recipes.detection.encoding.decode import values_of
from components.recipes.detection.encoding.raw import SUFFIXES, OpenError, Plane, read_raw
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
MAX_REJECTED = 0.01
EIGHT_BITS = ("uint8", "bool")
GREY_GAP = 0.02  # between channels: what JPEG does to a grey picture


@dataclass(frozen=True)
class Seen:
    """A whole `prepare` block of plain types, and whether objects are brighter than what is around them."""

    prepare: dict[str, Any]
    bright: bool


@dataclass(frozen=True)
class Chosen:
    """What the user says of files with several pictures: the channel, and the planes; and how wide a pixel is."""

    channel: int | None = None
    plane: Plane | None = None
    pixel_size: float | None = None


NOTHING = Chosen()


def infer_images(folder: Path, chosen: Chosen = NOTHING) -> Seen:
    """Find the form, the folders, the classes and the data's own lists below `folder`. Every choice is logged.

    Raises:
        CasebookError: no such folder, no annotations of a known form in it, those of both forms,
            no image with a box or none that can be read, or images of several channels or planes of which none is
            `chosen`.
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
    return _seen(folder, form, images, annotations, records, sorted(boxes), lists, chosen)


def _seen(
    folder: Path,
    form: str,
    images: Path,
    annotations: Path,
    records: list[ImageRecord],
    classes: list[str],
    lists: dict[str, str] | None,
    chosen: Chosen,
) -> Seen:
    looks, broken = _look_at_all(folder, records, chosen)
    colour, deep = any(look.colour for look in looks), any(look.deep for look in looks)
    log.info("%s images%s", "colour" if colour else "grey", " of more than 8 bits" if deep else "")
    _tell_of_kinds(looks)
    contrasts = [look.contrast for look in looks if np.isfinite(look.contrast)]
    stated = {name: value for name, value in asdict(chosen).items() if value is not None}
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
        "max_rejected": max(MAX_REJECTED, math.ceil(100 * broken / len(records)) / 100),
        "simulate": None,
        **stated,
    }
    return Seen(prepare, bright=float(np.mean(contrasts or [0.0])) > 0)


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
    """`contrast` is how much brighter its boxes are than the rest, NaN where that is not known."""

    name: str
    colour: bool
    depth: str
    contrast: float

    @property
    def deep(self) -> bool:
        return self.depth not in EIGHT_BITS


def _look_at_all(folder: Path, records: list[ImageRecord], chosen: Chosen) -> tuple[list[_Look], int]:
    """Every image is read; those that cannot be are told and counted. The contrast of some is enough."""
    looks, broken, left_open = [], [], []
    step = max(1, len(records) // LOOKED_AT)
    for number, record in enumerate(tqdm(records, desc="images", unit="image", leave=False, disable=None)):
        try:
            looks.append(_look(record, chosen, contrast=number % step == 0))
        except OpenError as error:
            left_open.append(str(error))
        except CasebookError as error:
            broken.append(str(error))
    if left_open:
        raise CasebookError(f"{folder}: {len(left_open)} of {len(records)} images, such as {left_open[0]}")
    if not looks:
        raise CasebookError(f"{folder}: none of its {len(records)} annotated images can be read, such as {broken[0]}")
    if broken:
        told = "%d of %d images cannot be read; prepare sets them aside (prepare.max_rejected allows it), such as %s"
        log.warning(told, len(broken), len(records), broken[0])
    return looks, len(broken)


def _look(record: ImageRecord, chosen: Chosen, *, contrast: bool) -> _Look:
    raw = read_raw(record.path, name=record.name, plane=chosen.plane)
    values = values_of(raw, channels=3, percentiles=(0.0, 100.0), channel=chosen.channel, name=record.name)
    colour = float(np.ptp(values, axis=2).mean()) > GREY_GAP
    return _Look(record.name, colour, raw.depth, _contrast(values, record.boxes) if contrast else float("nan"))


def _contrast(values: np.ndarray, boxes: np.ndarray) -> float:
    inside = np.zeros(values.shape[:2], bool)
    for x1, y1, x2, y2 in np.nan_to_num(boxes).astype(int).clip(0).tolist():
        inside[y1:y2, x1:x2] = True
    grey = values.mean(axis=2)
    both = inside.any() and not inside.all()
    return float(grey[inside].mean() - grey[~inside].mean()) if both else float("nan")


def _tell_of_kinds(looks: list[_Look]) -> None:
    """Where a folder mixes kinds of images, how many there are of each, with an example."""
    kinds: dict[tuple[str, bool], list[str]] = {}
    for look in looks:
        kinds.setdefault((look.depth, look.colour), []).append(look.name)
    if len(kinds) > 1:
        told = "; ".join(
            f"{len(names)} {'in colour' if colour else 'grey'} of {depth}, such as {names[0]}"
            for (depth, colour), names in sorted(kinds.items())
        )
        log.warning("the images are of several kinds: %s; all are read alike", told)


def _below(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()
