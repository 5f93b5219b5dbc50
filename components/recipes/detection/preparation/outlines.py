"""The box around what an annotation draws: a polygon, a turned box, a mask in runs."""

import math
from collections.abc import Sequence
from typing import Any

from faster_coco_eval.core import mask as runs

NO_BOX = [math.nan] * 4
MOST_PIXELS = 1 << 32  # of a picture in runs: C code holds no more


def around(points: Sequence[tuple[float, float]]) -> list[float]:
    """x1, y1, x2, y2 around the points; NaN where there are fewer than three, or one is no number."""
    if len(points) < 3 or not all(math.isfinite(value) for point in points for value in point):
        return NO_BOX
    xs, ys = zip(*points, strict=True)
    return [min(xs), min(ys), max(xs), max(ys)]


def pairs(numbers: Sequence[float]) -> list[tuple[float, float]]:
    """x, y, x, y … to points; none where a number is left over."""
    return [] if len(numbers) % 2 else list(zip(numbers[::2], numbers[1::2], strict=True))


def turned(box: Sequence[float], degrees: float) -> list[float]:
    """The upright box around one that is turned about its middle."""
    x1, y1, x2, y2 = box
    if not degrees % 180:
        return [x1, y1, x2, y2]
    cosine, sine = abs(math.cos(math.radians(degrees))), abs(math.sin(math.radians(degrees)))
    x, y, wide, high = (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1
    half_x, half_y = (wide * cosine + high * sine) / 2, (wide * sine + high * cosine) / 2
    return [x - half_x, y - half_y, x + half_x, y + half_y]


def ellipse(x: float, y: float, radius_x: float, radius_y: float, degrees: float) -> list[float]:
    """The box around an ellipse that is turned about its middle."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    half_x, half_y = math.hypot(radius_x * cosine, radius_y * sine), math.hypot(radius_x * sine, radius_y * cosine)
    return [x - half_x, y - half_y, x + half_x, y + half_y]


def of_segmentation(written: Any) -> list[float]:
    """The box around COCO's `segmentation`: a list of polygons, or runs (as numbers or packed as text)."""
    if isinstance(written, dict):
        return _of_runs(written)
    if not isinstance(written, list):
        return NO_BOX
    polygons = [written] if written and all(_is_number(value) for value in written) else written
    points: list[tuple[float, float]] = []
    for polygon in polygons:
        if not isinstance(polygon, list) or not all(_is_number(value) for value in polygon):
            return NO_BOX
        points += pairs([float(value) for value in polygon])
    return around(points)


def _of_runs(written: dict[str, Any]) -> list[float]:
    size, counts = written.get("size"), written.get("counts")
    if not isinstance(size, list) or len(size) != 2 or not all(_is_whole(side) and side > 0 for side in size):
        return NO_BOX
    height, width = size
    if height * width > MOST_PIXELS:
        return NO_BOX
    counts = _unpacked(counts) if isinstance(counts, str) else counts
    if not isinstance(counts, list) or not all(_is_whole(count) and count >= 0 for count in counts):
        return NO_BOX
    if sum(counts) != height * width:  # C code trusts them
        return NO_BOX
    x, y, wide, high = runs.toBbox(runs.frPyObjects({"size": size, "counts": counts}, height, width))
    return [float(x), float(y), float(x + wide), float(y + high)] if wide and high else NO_BOX


def _unpacked(text: str) -> list[int]:
    """COCO's packed counts: five bits a character, the lowest first; from the fourth on the difference to the last but
    one. Empty where the text is none.
    """
    counts, value, shift = list[int](), 0, 0
    for letter in text:
        bits = ord(letter) - 48
        if not 0 <= bits < 64 or shift > 60:
            return []
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    return counts


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
