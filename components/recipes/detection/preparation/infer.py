"""A `prepare` block for a folder of annotated images that nobody has described."""

import logging
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from os.path import commonpath
from pathlib import Path
from typing import Any

import numpy as np

from components.core.blocks import read_block
from components.core.errors import CasebookError
from components.core.files import nearest_path
from components.recipes.detection.encoding.raw import SUFFIXES, read_size
from components.recipes.detection.params.images import ImagesParams
from components.recipes.detection.preparation.annotated import Annotated, read_annotations
from components.recipes.detection.preparation.files import image_files
from components.recipes.detection.preparation.kinds import NOTHING, Chosen, Look, look_at_all, tell_of_kinds
from components.recipes.detection.preparation.masks import OBJECT, split_masks
from components.recipes.detection.preparation.odd import Sized, ask_of_boxes, ask_of_odd, tell_of_pixels
from components.recipes.detection.preparation.readers import SHARES
from components.recipes.detection.preparation.recognise import Form, find_form
from components.recipes.detection.preparation.records import CONFLICT, NOTES, ImageRecord, Rejected
from components.recipes.detection.preparation.refuse import kinds
from components.recipes.detection.preparation.unusable import tell_unusable

log = logging.getLogger(__name__)

# Names that exporters give to the lists, or to COCO's files, of each split.
SPLIT_WORDS = {"train": ("train",), "validation": ("val",), "test": ("test",)}
SHARES_OF_SPLIT = {"validation": 0.15, "test": 0.15, "seed": 7}
MICROSCOPE = [1.0, 99.8]
MAX_ODD, MAX_REJECTED = 0.05, 0.01
# What `--boxes` says, and what it sets in the block.
WORDS: dict[str, dict[str, Any]] = {
    **{layout: {"boxes.layout": layout} for layout in ("corners", "sizes", "centres")},
    **{units: {"boxes.units": units} for units in ("pixels", "shares")},
    "from-0": {"boxes.first": 0},
    "from-1": {"boxes.first": 1},
    "as-written": {"boxes.max_odd": 1.0},
    "by-text": {"named_by": "text"},
    "by-stem": {"named_by": "stem"},
    "instances": {"masks": "instances"},
    "components": {"masks": "components"},
    "leave-out-difficult": {"difficult": "leave_out"},
}


@dataclass(frozen=True)
class Seen:
    """A whole `prepare` block of plain types, whether objects are brighter than what is around them, and the images
    with their boxes in pixels.
    """

    prepare: dict[str, Any]
    bright: bool
    sized: list[Sized]
    boxes: list[np.ndarray]


def infer_images(folder: Path, chosen: Chosen = NOTHING, words: Sequence[str] = ()) -> Seen:
    """Find the form, the folders, the classes and the data's own lists below `folder`. Every choice is logged; `words`
    of `WORDS` say how boxes are written.

    Raises:
        CasebookError: no such folder, no annotations of a known form in it, those of several,
            no image with a box or none that can be read, boxes that are likely read wrongly, or images of several
            channels or planes of which none is `chosen`.
    """
    if not folder.is_dir():
        hint = f"--images names the one with the images and their annotations{nearest_path(folder)}"
        raise CasebookError(f"{folder}: no such folder; {hint}")
    form = find_form(folder)
    block = _block(folder, form, words)
    spec = read_block(ImagesParams, block, "--images")
    found = read_annotations(folder, spec)
    _check_found(folder, form, found)
    sized = [one for record in found.images if (one := _sized(record)) is not None]
    where = folder / spec.images
    tell_unusable(where, found.records, sized, spec.max_rejected)
    ask_of_boxes(where, sized, found.writing, spec.boxes.max_odd)
    ask_of_odd(where, sized, found.writing, spec.boxes.max_odd)
    tell_of_pixels(found.told, sized, found.writing, stated=spec.boxes.first is not None)
    found.told.say()
    if form.name not in SHARES and found.writing.units == "shares":
        block["boxes"] |= {"units": "shares"}
    boxes = [found.writing.pixels(one.record, one.width, one.height) for one in sized]
    looks, broken = look_at_all(folder, found.images, chosen, found.writing)
    stated = {name: value for name, value in asdict(chosen).items() if value is not None}
    prepare = block | _looked(looks, found.images, block) | {"max_rejected": _allowed(broken, found.images)} | stated
    return Seen(prepare, _is_bright(looks), sized, boxes)


def _block(folder: Path, form: Form, words: Sequence[str]) -> dict[str, Any]:
    """The block of what is known before the annotations are read."""
    images = _images(folder, form)
    lists = _lists(folder, form, images)
    log.info("split: %s", "the data's own lists" if lists else "by image; see prepare.group for patients or slides")
    block: dict[str, Any] = {
        "form": form.name,
        "images": _below(folder, images),
        "annotations": _below(folder, form.annotations),
        "lists": lists,
        "group": None,
        "classes": None,
        "boxes": {"layout": None, "units": None, "first": None, "max_odd": MAX_ODD},
        "named_by": None,
        "fold": True,
        "difficult": "keep",
        "masks": None,
        "split": SHARES_OF_SPLIT,
        "channels": 1,
        "percentiles": None,
        "max_rejected": MAX_REJECTED,
        "simulate": None,
    }
    for word in words:
        if word not in WORDS:
            raise CasebookError(f"--boxes {word}: not one of {', '.join(WORDS)}")
        for key, value in WORDS[word].items():
            outer, _, inner = key.partition(".")
            if inner:
                block[outer] |= {inner: value}
            else:
                block[outer] = value
    return block


def _check_found(folder: Path, form: Form, found: Annotated) -> None:
    """Say how many boxes there are, of which classes.

    Raises:
        CasebookError: there is none, with what was found and why it did not fit.
    """
    boxes = Counter(label for one in found.images for label in one.labels if label)
    rejected = [one for one in found.records if isinstance(one, Rejected)]
    if not boxes:
        unnamed = sum(len(one.labels) for one in found.images)
        without = f", and {unnamed} box(es) are of no class that a file names" if unnamed else ""
        because = f":\n{kinds(rejected)}" if rejected else without or ", and none of them has a box"
        raise CasebookError(
            f"{folder}: none of its {len(found.images)} annotated images has a box with a class; there are "
            f"{len(form.files)} annotation file(s) of the form {form.name}, such as "
            f"{form.files[0].relative_to(folder)}, and {_pictures_in(folder)}{because}"
        )
    log.info("%d images with boxes of %s", len(found.images), ", ".join(f"{k} ({n})" for k, n in boxes.most_common()))
    broken = [one for one in rejected if one.kind not in NOTES]
    if (conflicts := sum(one.kind == CONFLICT for one in broken)) > MAX_REJECTED * (len(found.images) + conflicts):
        raise CasebookError(f"{folder}: what an annotation is of is not clear:\n{kinds(broken)}")
    if broken:
        log.warning("%d image(s) or box(es) cannot be used:\n%s", len(broken), kinds(broken))
    for kind, count in Counter(one.kind for one in rejected if one.kind in NOTES).items():
        log.warning("%d times %s, which is left out", count, kind)


def _pictures_in(folder: Path) -> str:
    names = [*image_files(folder)]
    return f"{len(names)} image(s), such as {names[0]}"


def _sized(record: ImageRecord) -> Sized | None:
    """At the size that its boxes were written for; None of an image that cannot be read."""
    try:
        width, height = read_size(record.path, name=record.name)
    except CasebookError:
        return None
    if (record.width, record.height) == (height, width):
        return Sized(record, height, width)  # turned by its EXIF since
    return Sized(record, width, height)


def _looked(looks: list[Look], records: list[ImageRecord], block: dict[str, Any]) -> dict[str, Any]:
    """What of the block the images themselves show."""
    colour, deep = any(look.colour for look in looks), any(look.deep for look in looks)
    log.info("%s images%s", "colour" if colour else "grey", " of more than 8 bits" if deep else "")
    tell_of_kinds(looks)
    classes = sorted({label for one in records for label in one.labels if label})
    if block["masks"] == "components" and len(classes) == 1:
        classes = [OBJECT]
    return {"classes": classes, "channels": 3 if colour else 1, "percentiles": MICROSCOPE if deep else None}


def _allowed(broken: int, records: list[ImageRecord]) -> float:
    return max(MAX_REJECTED, math.ceil(100 * broken / len(records)) / 100)


def _is_bright(looks: list[Look]) -> bool:
    contrasts = [look.contrast for look in looks if np.isfinite(look.contrast)]
    return float(np.mean(contrasts or [0.0])) > 0


def _images(folder: Path, form: Form) -> Path:
    """The folder that holds all images; VOC's own layout has drawings of its objects beside them."""
    photos = [path for path in folder.rglob("JPEGImages") if path.is_dir()]
    if len(photos) == 1 and any(path.suffix.lower() in SUFFIXES for path in photos[0].iterdir()):
        return photos[0]
    if form.name == "masks":
        return _parent(split_masks(folder, folder)[0].values())
    return _parent(image_files(folder).values())


def _parent(paths: Iterable[Path]) -> Path:
    return Path(commonpath([path.parent for path in paths]))


def _lists(folder: Path, form: Form, images: Path) -> dict[str, str] | None:
    """The data's own split: text files beside each other, one for each part, or COCO files, or folders of images named
    or lying so.
    """
    if form.name == "coco":
        return _by_words(folder, form.files)
    parents = {path.parent for path in folder.rglob("train.txt")}
    found = [_by_words(folder, [parent / name for name in ("train.txt", "val.txt", "test.txt")]) for parent in parents]
    found.append(_by_words(folder, sorted({path.parent for path in image_files(images).values()})))
    return next((lists for lists in found if lists), None)


def _by_words(folder: Path, paths: list[Path]) -> dict[str, str] | None:
    lists = {}
    for split, words in SPLIT_WORDS.items():
        named = [path for path in paths if path.exists() and _says(path.relative_to(folder), words)]
        if len(named) != 1:
            return None
        lists[split] = named[0].relative_to(folder).as_posix()
    return lists if len(set(lists.values())) == len(lists) else None


def _says(path: Path, words: tuple[str, ...]) -> bool:
    return any(word in part.lower() for word in words for part in path.parts)


def _below(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()
