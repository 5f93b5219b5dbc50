"""How the images of a folder that nobody has described look: every one of them is read."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from components.core.errors import CasebookError
from components.recipes.detection.encoding.decode import values_of
from components.recipes.detection.encoding.raw import OpenError, Plane, read_raw
from components.recipes.detection.preparation.records import ImageRecord
from components.recipes.detection.preparation.writing import Writing

log = logging.getLogger(__name__)

LOOKED_AT = 12  # images, to see whether their objects are bright
EIGHT_BITS = ("uint8", "bool")
GREY_GAP = 0.02  # between channels: what JPEG does to a grey picture


@dataclass(frozen=True)
class Chosen:
    """What the user says of files with several pictures: the channel, and the planes; and how wide a pixel is."""

    channel: int | None = None
    plane: Plane | None = None
    pixel_size: float | None = None


NOTHING = Chosen()


@dataclass(frozen=True)
class Look:
    """`contrast` is how much brighter its boxes are than the rest, NaN where that is not known."""

    name: str
    colour: bool
    depth: str
    contrast: float
    channels: int

    @property
    def deep(self) -> bool:
        return self.depth not in EIGHT_BITS


def look_at_all(folder: Path, records: list[ImageRecord], chosen: Chosen, writing: Writing) -> tuple[list[Look], int]:
    """Every image is read; those that cannot be are told and counted. The contrast of some is enough."""
    looks, broken, left_open = [], [], []
    step = max(1, len(records) // LOOKED_AT)
    for number, record in enumerate(tqdm(records, desc="images", unit="image", leave=False, disable=None)):
        try:
            looks.append(_look(record, chosen, writing, contrast=number % step == 0))
        except OpenError as error:
            left_open.append(str(error))
        except CasebookError as error:
            broken.append(str(error))
    if left_open:
        raise CasebookError(f"{folder}: {len(left_open)} of {len(records)} images, such as {left_open[0]}")
    if not looks:
        raise CasebookError(f"{folder}: none of its {len(records)} annotated images can be read, such as {broken[0]}")
    _check_chosen(folder, records, looks, chosen)
    if broken:
        told = "%d of %d images cannot be read; prepare sets them aside (prepare.max_rejected allows it), such as %s"
        log.warning(told, len(broken), len(records), broken[0])
    return looks, len(broken)


def _check_chosen(folder: Path, records: list[ImageRecord], looks: list[Look], chosen: Chosen) -> None:
    """Refuse a channel, or a plane, where no file has several of them: the choice would do nothing."""
    such = f"such as {looks[0].name}"
    if chosen.channel is not None and all(look.channels == 1 for look in looks):
        raise CasebookError(f"{folder}: --channel {chosen.channel}: its images have one channel, {such}; leave it out")
    if chosen.plane is not None and all(_is_single(record) for record in records):
        shown = ", ".join(f"{axis}={place}" for axis, place in chosen.plane.items())
        raise CasebookError(f"{folder}: --plane {shown}: no image has several planes, {such}; leave it out")


def _is_single(record: ImageRecord) -> bool:
    try:
        read_raw(record.path, name=record.name)
    except OpenError:
        return False
    except CasebookError:
        return True
    return True


def _look(record: ImageRecord, chosen: Chosen, writing: Writing, *, contrast: bool) -> Look:
    raw = read_raw(record.path, name=record.name, plane=chosen.plane)
    values = values_of(raw, channels=3, percentiles=(0.0, 100.0), channel=chosen.channel, name=record.name)
    colour = float(np.ptp(values, axis=2).mean()) > GREY_GAP
    height, width = values.shape[:2]
    brighter = _contrast(values, writing.pixels(record, width, height)) if contrast else float("nan")
    return Look(record.name, colour, raw.depth, brighter, raw.channels)


def _contrast(values: np.ndarray, boxes: np.ndarray) -> float:
    inside = np.zeros(values.shape[:2], bool)
    for x1, y1, x2, y2 in np.nan_to_num(boxes).astype(int).clip(0).tolist():
        inside[y1:y2, x1:x2] = True
    grey = values.mean(axis=2)
    both = inside.any() and not inside.all()
    return float(grey[inside].mean() - grey[~inside].mean()) if both else float("nan")


def tell_of_kinds(looks: list[Look]) -> None:
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
