"""A folder's annotations, all of them, as the block says that they are written."""

import logging
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from components.recipes.detection.params.images import ImagesParams
from components.recipes.detection.preparation.classes import alike, ask_of_classes, shown
from components.recipes.detection.preparation.readers import LAYOUTS, READERS, SHARES
from components.recipes.detection.preparation.reading import Reading
from components.recipes.detection.preparation.records import ImageRecord, Rejected
from components.recipes.detection.preparation.told import Told
from components.recipes.detection.preparation.writing import Writing, within_one

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Annotated:
    """Records, in their reader's order, and how their boxes are written. `told` is what is to be said of them."""

    records: list[ImageRecord | Rejected]
    writing: Writing
    told: Told

    @property
    def images(self) -> list[ImageRecord]:
        return [one for one in self.records if isinstance(one, ImageRecord)]


def read_annotations(raw: Path, spec: ImagesParams) -> Annotated:
    """Everything below the folders that the block names, with classes folded.

    Raises:
        CasebookError: a folder is wrong, or classes differ in case alone and nothing says whether they are one.
    """
    reading = Reading.of(spec)
    records = [*READERS[spec.form](raw / spec.images, raw / spec.annotations, reading)]
    images = [one for one in records if isinstance(one, ImageRecord)]
    writing = writing_of(spec, images, reading.told)
    if spec.fold is not False and (merged := alike(images, spec.classes)):
        if spec.fold is None and not spec.classes:
            ask_of_classes(str(raw / spec.annotations), merged, images)
        if spec.fold:
            counts = Counter(label for one in images for label in one.labels)
            log.warning("%s; each is one class", shown(merged, counts))
            records = [_renamed(one, merged) if isinstance(one, ImageRecord) else one for one in records]
    return Annotated(records, writing, reading.told)


def writing_of(spec: ImagesParams, images: list[ImageRecord], told: Told) -> Writing:
    own, boxes = LAYOUTS[spec.form], spec.boxes
    units = boxes.units or ("shares" if spec.form in SHARES or within_one(images) else "pixels")
    if units == "shares" and spec.form not in SHARES and boxes.units is None:
        example = next(one for one in images if len(one.boxes))
        numbers = ", ".join(f"{value:g}" for value in example.boxes[0].tolist())
        count = sum(len(one.boxes) for one in images)
        told.add(
            "boxes lie between 0 and 1 and are read as shares of their images", f"{example.name} ({numbers})", count
        )
    return Writing(own, boxes.layout or own, units, boxes.first or 0)


def _renamed(record: ImageRecord, merged: dict[str, str]) -> ImageRecord:
    return replace(record, labels=tuple(merged.get(label, label) for label in record.labels))
