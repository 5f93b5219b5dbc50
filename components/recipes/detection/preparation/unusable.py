"""What `prepare` will set aside of a folder, said where it becomes a case; a folder of nothing else is refused."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from components.core.errors import CasebookError
from components.recipes.detection.preparation.checks import NO_NUMBERS, OTHER_SIZE
from components.recipes.detection.preparation.odd import Sized
from components.recipes.detection.preparation.records import NOTES, ImageRecord, Rejected
from components.recipes.detection.preparation.refuse import kinds

log = logging.getLogger(__name__)

NO_CLASS = "a class that no file names, such as a number beyond their list"


def tell_unusable(
    where: Path, records: Sequence[ImageRecord | Rejected], sized: Sequence[Sized], allowed: float
) -> None:
    """Tell of images that were annotated at another size, and of boxes without numbers or without a class, where they
    are more than the share that is `allowed`.

    Raises:
        CasebookError: all images, or all boxes, are such.
    """
    images = [fault for one in sized if (fault := _other_size(one)) is not None]
    boxes = [fault for one in sized for fault in _without(one.record)]
    known = [one for one in records if isinstance(one, Rejected) and one.box is not None and one.kind not in NOTES]
    count = sum(len(one.record.boxes) for one in sized) + len(known)
    for what, faults, others, total in (("images", images, 0, len(sized)), ("boxes", boxes, len(known), count)):
        if len(faults) + others <= allowed * total:
            continue
        share = f"{len(faults) + others} of {total} {what}"
        if faults and len(faults) + others == total:
            raise CasebookError(f"{where}: {share} cannot be used:\n{kinds(faults)}\ncorrect the annotations")
        log.warning(
            "%s cannot be used, and `casebook run` will refuse that: prepare.max_rejected allows %.1f%%%s",
            share,
            100 * allowed,
            f":\n{kinds(faults)}" if faults else "",
        )


def _other_size(one: Sized) -> Rejected | None:
    record = one.record
    if (record.width or one.width, record.height or one.height) == (one.width, one.height):
        return None
    sizes = f"{record.width}x{record.height}, and the image is {one.width}x{one.height}"
    return Rejected(record.name, None, f"{OTHER_SIZE}: {sizes}")


def _without(record: ImageRecord) -> Iterator[Rejected]:
    for number, (box, label) in enumerate(zip(record.boxes, record.labels, strict=True)):
        if not np.isfinite(box).all():
            yield Rejected(record.name, number, NO_NUMBERS)
        elif not label:
            yield Rejected(record.name, number, NO_CLASS)
