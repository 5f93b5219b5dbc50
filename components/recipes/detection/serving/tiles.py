"""Pictures too large for the network at once: overlapping tiles, each of which answers for its own core."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

SLACK = 4.0  # pixels beyond its core in which a tile's boxes still count: two tiles see a middle a little differently


@dataclass(frozen=True)
class Tile:
    """The rectangle `left, top, right, bottom` that is looked at, and the one within it that it answers for."""

    seen: tuple[int, int, int, int]
    core: tuple[float, float, float, float]

    def owns(self, boxes: np.ndarray) -> np.ndarray:
        """Whether the middles of boxes (n, 4 or more), in pixels of the whole picture, lie in the core: (n,)."""
        x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
        left, top, right, bottom = self.core
        inside: np.ndarray = (x >= left - SLACK) & (x < right + SLACK) & (y >= top - SLACK) & (y < bottom + SLACK)
        return inside


def tiles(width: int, height: int, *, size: int, margin: int, unit: int) -> list[Tile]:
    """Tiles of at most `size` pixels a side that overlap by `margin` or more; cores share out the whole picture.

    Tiles begin at multiples of `unit`, the network's coarsest stride, so that its points are where those of the
    whole picture would be.
    """
    return [
        Tile((left, top, right, bottom), (x1, y1, x2, y2))
        for (top, bottom), (y1, y2) in _intervals(height, size, margin, unit)
        for (left, right), (x1, x2) in _intervals(width, size, margin, unit)
    ]


def _intervals(length: int, size: int, margin: int, unit: int) -> list[tuple[tuple[int, int], tuple[float, float]]]:
    """Intervals that cover `length`, evenly spread, each with its core: between the middles of the overlaps."""
    if length <= size:
        return [((0, length), (-np.inf, np.inf))]
    last = int(np.ceil((length - size) / unit))
    count = int(np.ceil(last / ((size - margin) // unit))) + 1
    starts = [unit * int(place) for place in np.linspace(0, last, count).round()]
    cuts = [-np.inf, *((first + size + second) / 2 for first, second in pairwise(starts)), np.inf]
    return [((start, min(start + size, length)), (cuts[place], cuts[place + 1])) for place, start in enumerate(starts)]
