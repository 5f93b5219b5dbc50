"""Prepared images, one at a time: a split need not fit into memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from components.recipes.detection.encoding.spec import (
    BOXES,
    GROUP,
    HEIGHT,
    IMAGE,
    LABELS,
    PIXELS,
    WIDTH,
    Spec,
)

FACTS = (IMAGE, GROUP, WIDTH, HEIGHT, BOXES, LABELS)


@dataclass(frozen=True, eq=False)
class ImageRow:
    """`pixels` are the encoded bytes, empty where they were not asked for.

    `boxes` (n, 4) float32 are x1, y1, x2, y2 in pixels; `labels` (n,) int32 are places in the
    spec's classes.
    """

    name: str
    group: str | None
    width: int
    height: int
    pixels: bytes
    boxes: np.ndarray
    labels: np.ndarray

    def decoded(self, spec: Spec) -> np.ndarray:
        """(H, W, C) float32 in 0..1."""
        return spec.decode(self.pixels, self.name)


def read_rows(path: Path, *, pixels: bool = True) -> Iterator[ImageRow]:
    """The images of a prepared file in its order; without `pixels` only what is known of them is read."""
    columns = [*FACTS, PIXELS] if pixels else [*FACTS]
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=1, columns=columns) if pixels else file.iter_batches(columns=columns):
            for row in batch.to_pylist():
                yield _row(row)


def _row(row: dict[str, Any]) -> ImageRow:
    return ImageRow(
        name=row[IMAGE],
        group=row[GROUP],
        width=row[WIDTH],
        height=row[HEIGHT],
        pixels=row.get(PIXELS, b""),
        boxes=np.array(row[BOXES], np.float32).reshape(-1, 4),
        labels=np.array(row[LABELS], np.int32),
    )
