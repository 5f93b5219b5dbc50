"""Boxes that are likely read wrongly: too many of them are asked for, with what they would be read otherwise."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from components.core.errors import CasebookError
from components.recipes.detection.preparation.records import ImageRecord
from components.recipes.detection.preparation.told import Told
from components.recipes.detection.preparation.writing import LAYOUTS, Units, Writing, counts_from_one

OVER = 1.0  # pixels by which rounding may put a box over the edge
SMALL = 1.99  # pixels: two, less what shares lose when they are written
MANY = 0.2  # of the boxes must be odd before another reading is thought of: fewer are faults
FITS = 0.01  # of the boxes may be odd where another reading is put forward
OVER_EDGE, TOO_SMALL = "reaching over the edge of the image", "smaller than two pixels"
OUTSIDE, EMPTY = "outside the image", "without area"
NAMES = {"corners": "corners", "sizes": "corner and size", "centres": "middle and size"}


@dataclass(frozen=True, eq=False)
class Sized:
    """An image's record and its own width and height."""

    record: ImageRecord
    width: int
    height: int


def ask_of_boxes(where: Path, found: Sequence[Sized], writing: Writing, share: float) -> None:
    """Raise if more than `share`, and many, of the boxes are odd, and read in another way next to none is.

    Raises:
        CasebookError: with the other way, and what settles it.
    """
    told, odd, count = _odd(found, writing)
    if odd <= max(share, MANY) * count or not (better := _better(found, writing)):
        return
    changes: dict[str, str] = {"layout": better.layout} if better.layout != writing.layout else {}
    changes |= {"units": better.units} if better.units != writing.units else {}
    keys = " and ".join(f"prepare.boxes.{key}: {value}" for key, value in changes.items())
    words = " ".join(f"--boxes {value}" for value in changes.values())
    what = " in ".join(filter(None, (NAMES[better.layout], better.units if better.units != writing.units else "")))
    raise CasebookError(
        f"{_shown(where, told, odd, count, share)}\nAre these {what}? Read so they fit: {keys} (casebook new {words}). "
        f"Where they are right as they are: {_accepted(odd, count)}"
    )


def ask_of_odd(where: Path, found: Sequence[Sized], writing: Writing, share: float) -> None:
    """Raise if more than `share` of the boxes is odd.

    Raises:
        CasebookError: with how many, examples, and what settles it.
    """
    told, odd, count = _odd(found, writing)
    if odd > share * count:
        raise CasebookError(
            f"{_shown(where, told, odd, count, share)}\ncorrect them, or say how they are written under prepare.boxes: "
            f"layout, units or first (casebook new --boxes). Where they are right as they are: {_accepted(odd, count)}"
        )


def tell_of_pixels(told: Told, found: Sequence[Sized], writing: Writing, *, stated: bool) -> None:
    """Tell of boxes whose pixels seem to be counted from 1."""
    if stated or writing.layout != "corners" or writing.units != "pixels":
        return
    outlines = [one for one in found if not one.record.drawn]
    boxes = [writing.pixels(one.record, one.width, one.height) for one in outlines]
    at_one = counts_from_one(boxes, [(one.width, one.height) for one in outlines])
    if at_one:
        shown = [one.record.name for one, corners in zip(outlines, boxes, strict=True) if (corners[:, :2] == 1).any()]
        kind = (
            "corner(s) lie at 1, none before it, and others at the last pixel: pixels may be counted from 1, and boxes "
            "are taken as written; prepare.boxes.first: 1, or 0, settles it (casebook new --boxes from-1, or from-0)"
        )
        told.add(kind, "; ".join(shown[:3]), at_one)


def _shown(where: Path, told: Told, odd: int, count: int, share: float) -> str:
    lines = "\n".join(f"  {line}" for line in told.lines())
    allowed = f"prepare.boxes.max_odd allows {share:.1%}"
    return f"{where}: {odd} of {count} boxes ({odd / count:.1%}) are odd, and {allowed}:\n{lines}"


def _accepted(odd: int, count: int) -> str:
    return (
        f"prepare.boxes.max_odd: {min(1.0, np.ceil(100 * odd / count + 1) / 100):g} (casebook new --boxes as-written)"
    )


def _odd(found: Sequence[Sized], writing: Writing) -> tuple[Told, int, int]:
    """What is odd, how many boxes are, and how many there are."""
    told, odd, count = Told(), 0, 0
    for one, boxes, kinds in _kinds(found, writing):
        count += len(boxes)
        odd += int(np.logical_or.reduce([*kinds.values()]).sum())
        for kind, at in kinds.items():
            if at.any():
                first = int(np.argmax(at))
                corners = ", ".join(f"{value:g}" for value in boxes[first].tolist())
                size = f"{one.width}x{one.height}"
                told.add(f"times {kind}", f"{one.record.name}, box {first} ({corners} of {size})", int(at.sum()))
    return told, odd, count


def _kinds(found: Sequence[Sized], writing: Writing) -> Iterator[tuple[Sized, np.ndarray, dict[str, np.ndarray]]]:
    for one in found:
        boxes = writing.pixels(one.record, one.width, one.height)
        edges = np.array([one.width, one.height, one.width, one.height], np.float32)
        inside = np.clip(boxes, 0, edges)
        finite = np.isfinite(boxes).all(axis=1)
        real = finite & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        outside = real & ~(inside[:, 2:] > inside[:, :2]).all(axis=1)
        over = real & ~outside & (np.abs(np.where(real[:, None], boxes - inside, 0)) > OVER).any(axis=1)
        small = real & ~outside & ((inside[:, 2:] - inside[:, :2]) < SMALL).any(axis=1)
        yield one, boxes, {OVER_EDGE: over, TOO_SMALL: small, OUTSIDE: outside, EMPTY: finite & ~real}


def _better(found: Sequence[Sized], writing: Writing) -> Writing | None:
    """Another way of writing in which next to no box is odd."""
    ways = [replace(writing, layout=layout) for layout in LAYOUTS if layout != writing.layout]
    units: Units = "pixels" if writing.units == "shares" else "shares"
    ways += [replace(writing, units=units, layout=layout) for layout in (writing.layout, *LAYOUTS)]
    share, place = min((_share(found, way), place) for place, way in enumerate(ways))
    return ways[place] if share <= FITS else None


def _share(found: Sequence[Sized], writing: Writing) -> float:
    odd = count = 0
    for _, boxes, kinds in _kinds(found, writing):
        odd, count = odd + int(np.logical_or.reduce([*kinds.values()]).sum()), count + len(boxes)
    return odd / count if count else 1.0
