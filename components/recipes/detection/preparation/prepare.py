"""Raw images with boxes to training, validation and test images, and all that their readers need to know of them."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.cluster.hierarchy import DisjointSet
from tqdm import tqdm

from components.core.errors import CasebookError
from components.core.files import whole_folder
from components.core.job import TRAIN, Meta, read_origin
from components.recipes.detection.encoding.rows import ImageRow
from components.recipes.detection.encoding.spec import IMAGE, Spec
from components.recipes.detection.params.images import ImagesParams
from components.recipes.detection.params.params import DetectionJob
from components.recipes.detection.preparation.annotated import read_annotations
from components.recipes.detection.preparation.checks import SIDEWAYS, Checked, check_image
from components.recipes.detection.preparation.copies import copies
from components.recipes.detection.preparation.looked import with_looks
from components.recipes.detection.preparation.odd import Sized, ask_of_boxes, ask_of_odd, tell_of_pixels
from components.recipes.detection.preparation.records import NO_LIST, NOTES, ImageRecord, Rejected
from components.recipes.detection.preparation.refuse import kinds, refuse_many
from components.recipes.detection.preparation.split import ORDER, by_lists, group_of, split_images
from components.recipes.detection.preparation.told import Told
from components.recipes.detection.preparation.write import Written, write_rejected, write_split
from components.recipes.shared.smoke import some_of

log = logging.getLogger(__name__)

COPY = "the same bytes as an image of another split"
SMOKE_IMAGES = 64  # at most so many of a split in what --smoke prepares


def prepare_images(job: DetectionJob) -> Meta:
    """Check the raw images and boxes, split them by image or group, and write the prepared folder whole.

    It gets `train.parquet`, `val.parquet` and `test.parquet` (see `write.IMAGES`; pixels are the
    files' own bytes, boxes x1, y1, x2, y2 in pixels of the image turned as its EXIF says),
    `rejected.parquet` (image, box or null, reason) and `meta.json`. Images are read one at a time.

    Raises:
        CasebookError: the params, a folder or a list are wrong, too many images or boxes are
            broken, or a split or a class is left empty.
    """
    spec, raw, case = job.prepare, job.paths.raw(job.case), job.case
    source = read_source(raw)
    checked, rejected, told = _check_all(raw, spec)
    places = _split(raw, spec, checked, rejected)
    read = Spec.of(spec, _classes(spec, checked, places))
    if job.smoke:
        places = _few(places, checked)
    with whole_folder(job.paths.prepared(case)) as folder:
        written = {split: write_split(folder, split, _rows(split, checked, places, read), read) for split in ORDER}
        _check_splits(written)
        count = write_rejected(folder, rejected)
        clipped = sum(checked[name].clipped for name in places)
        read, protocol = with_looks(read, folder), _protocol(spec)
        meta = describe(case, read, written, rejected, source, clipped=clipped, protocol=protocol, told=told)
        meta.write(folder)
    log.info("%s: %s; %d rejected", case, ", ".join(f"{k} {v.images} images" for k, v in written.items()), count)
    for reason, number in meta.rejected.items():
        log.info("%s: set aside %d: %s", case, number, reason)
    if clipped:
        log.info("%s: clipped %d box(es) that reached over the edge of their image", case, clipped)
    return meta


def read_source(raw: Path) -> dict[str, Any]:
    source = read_origin(raw)
    source.pop("files", None)  # hundreds of them, each with its digest: source.json has them
    return source


def describe(
    case: str,
    spec: Spec,
    written: dict[str, Written],
    rejected: Iterable[Rejected],
    source: dict[str, Any],
    *,
    clipped: int,
    protocol: str,
    told: Sequence[str] = (),
) -> Meta:
    """`meta.json` of prepared images; `data.sizes` are of the largest image, `data.most_boxes` of an image. What is
    `told` of the annotations is there if there is anything.
    """
    reasons = Counter(one.kind for one in rejected)
    facts = {name: asdict(one) for name, one in written.items()}
    data = {
        "key": [IMAGE],
        "spec": spec.model_dump(mode="json"),
        "boxes": {name: fact["boxes"] for name, fact in facts.items()},
        "sizes": {name: {"width": fact["widest"], "height": fact["highest"]} for name, fact in facts.items()},
        "most_boxes": {name: fact["most_boxes"] for name, fact in facts.items()},
        "clipped": clipped,
        "protocol": protocol,
    } | ({"told": [*told]} if told else {})
    rows = {name: one.images for name, one in written.items()} | {"rejected": sum(reasons.values())}
    return Meta(case, rows, dict(sorted(reasons.items())), source, data)


def _check_all(raw: Path, spec: ImagesParams) -> tuple[dict[str, Checked], list[Rejected], list[str]]:
    """The images that can be used, what cannot, and what is told of them.

    Raises:
        CasebookError: there is no image, or too much of them is broken or likely read wrongly.
    """
    where, found = raw / spec.images, read_annotations(raw, spec)
    checked, rejected = dict[str, Checked](), list[Rejected]()
    for record in tqdm(found.records, desc="images", unit="image", leave=False, disable=None):
        one = record if isinstance(record, Rejected) else check_image(record, spec.classes, found.writing, spec)
        if isinstance(one, Rejected):
            rejected.append(one)
            continue
        group = group_of(one.record.name, spec.group) if spec.group is not None else None
        checked[one.record.name] = replace(one, record=replace(one.record, group=group))
        rejected += one.rejected
    if not checked:
        raise CasebookError(f"{where}: no image can be used:\n{kinds(rejected)}")
    sized = [_sized(record, checked[record.name]) for record in found.images if record.name in checked]
    ask_of_boxes(where, sized, found.writing, spec.boxes.max_odd)
    boxes = sum(len(one.record.boxes) for one in checked.values())
    refuse_many(where, rejected, len(checked), boxes, spec.max_rejected)
    ask_of_odd(where, sized, found.writing, spec.boxes.max_odd)
    tell_of_pixels(found.told, sized, found.writing, stated=spec.boxes.first is not None)
    _tell_of_turns(found.told, checked)
    for one in rejected:
        if one.kind in NOTES and one.kind != NO_LIST:
            found.told.add(f"times {one.kind}, which is left out", one.image)
    return with_copies(checked), rejected, found.told.say()


def _sized(record: ImageRecord, checked: Checked) -> Sized:
    """At the size that its boxes were written for."""
    width, height = checked.record.width, checked.record.height
    return Sized(record, height, width) if checked.turned else Sized(record, width, height)


def _tell_of_turns(told: Told, checked: dict[str, Checked]) -> None:
    for name, one in checked.items():
        if one.turned:
            told.add("image(s) were annotated before the turn of their EXIF: boxes are turned with them", name)
        elif 1 < one.turn < SIDEWAYS and len(one.record.boxes):
            told.add(
                "image(s) are turned by their EXIF and keep their size: boxes are taken to be of the picture as it is "
                "shown",
                name,
            )


def with_copies(checked: dict[str, Checked]) -> dict[str, Checked]:
    """Copies of one picture become a group; groups of `prepare.group` that share a picture become one."""
    sets = DisjointSet([*checked])
    by_group: dict[str, str] = {}
    for name, one in checked.items():
        if one.record.group is not None:
            sets.merge(name, by_group.setdefault(one.record.group, name))
    found = copies({name: one.thumbnail for name, one in checked.items()})
    for names in found:
        for name in names[1:]:
            sets.merge(names[0], name)
    if found:
        log.warning(
            "%d of %d images are copies of others, or made from them (by their names, or the same picture turned, "
            "mirrored or lightened), such as %s and %s: copies stay in one split",
            sum(map(len, found)),
            len(checked),
            *found[0][:2],
        )
    groups = dict(checked)
    for several in (sorted(one) for one in sets.subsets() if len(one) > 1):
        named = sorted({group for name in several if (group := checked[name].record.group) is not None})
        for name in several:
            own = replace(checked[name].record, group=named[0] if named else several[0])
            groups[name] = replace(checked[name], record=own)
    return groups


def _split(raw: Path, spec: ImagesParams, checked: dict[str, Checked], rejected: list[Rejected]) -> dict[str, str]:
    """The split of each image that is used; those in no list, and copies of others, join the rejected."""
    if spec.lists is None:
        places = split_images([*checked], [one.record.group for one in checked.values()], spec.split)
    else:
        known = {*checked, *(one.image for one in rejected if one.box is None)}
        listed = by_lists(raw, spec.lists, known)
        rejected += [Rejected(name, None, NO_LIST) for name in checked if name not in listed]
        places = {name: listed[name] for name in checked if name in listed}
        _tell_of_groups(checked, places)
    kept = {checked[name].digest: name for split in ORDER for name in places if places[name] == split}
    for name in [*places]:
        if places[name] != places[kept[checked[name].digest]]:
            # The most held-out one stays: who compares on the test split compares on all of it.
            rejected.append(Rejected(name, None, f"{COPY}: {kept[checked[name].digest]}"))
            del places[name]
    return places


def _few(places: dict[str, str], checked: dict[str, Checked]) -> dict[str, str]:
    """At most so many images of each split: first one with each of the classes, then any."""
    few: set[str] = set()
    for split in ORDER:
        own = [name for name, place in places.items() if place == split]
        shown: dict[str, str] = {}
        for name in own:
            for label in checked[name].record.labels:
                shown.setdefault(label, name)
        needed = {*list(shown.values())[:SMOKE_IMAGES]}
        others = [name for name in own if name not in needed]
        few |= {*needed, *some_of(others, SMOKE_IMAGES - len(needed))}
    return {name: place for name, place in places.items() if name in few}


def _tell_of_groups(checked: dict[str, Checked], places: dict[str, str]) -> None:
    splits: dict[str, set[str]] = {}
    for name, place in places.items():
        if (group := checked[name].record.group) is not None:
            splits.setdefault(group, set()).add(place)
    if several := sorted(group for group, found in splits.items() if len(found) > 1):
        log.warning(
            "%d group(s) (of prepare.group, or copies of one picture) have images in several of prepare.lists, such as "
            "%r: figures on the test split flatter the model; lists null splits by group",
            len(several),
            several[0],
        )


def _classes(spec: ImagesParams, checked: dict[str, Checked], places: dict[str, str]) -> tuple[str, ...]:
    trained = {label for name, place in places.items() if place == TRAIN for label in checked[name].record.labels}
    classes = spec.classes or tuple(sorted({label for one in checked.values() for label in one.record.labels}))
    if not classes:
        raise CasebookError("prepare: none of the images has a box; there is nothing to learn")
    if absent := [name for name in classes if name not in trained]:
        raise CasebookError(
            f"prepare.classes: no training image has a box of {absent[0]!r} ({len(absent)} of {len(classes)} classes); "
            "correct the name, or leave it out, or see to the lists and the split"
        )
    return classes


def _rows(split: str, checked: dict[str, Checked], places: dict[str, str], spec: Spec) -> Iterator[ImageRow]:
    labels = {name: place for place, name in enumerate(spec.classes)}
    for name in sorted(name for name, place in places.items() if place == split):
        one = checked[name].record
        numbers = np.array([labels[label] for label in one.labels], np.int32)
        yield ImageRow(name, one.group, one.width, one.height, one.path.read_bytes(), one.boxes, numbers)


def _check_splits(written: dict[str, Written]) -> None:
    for name, one in written.items():
        if not sum(one.boxes.values()):
            raise CasebookError(
                f"prepare: {name} has {one.images} image(s) and no box; see to prepare.lists, or to the shares of "
                "prepare.split"
            )


def _protocol(spec: ImagesParams) -> str:
    """How images were split: it stands beside every number."""
    if spec.lists is not None:
        return "the data's own lists of training, validation and test images"
    unit = "groups of images" if spec.group is not None else "images"
    return f"{unit} at random: {spec.split.test:.0%} test, {spec.split.validation:.0%} validation"
