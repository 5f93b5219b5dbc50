"""Images to the files of a prepared folder, one at a time."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from components.core.job import PREPARED_FILES
from components.recipes.detection.encoding.rows import ImageRow
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
from components.recipes.detection.preparation.records import Rejected

IMAGES = pa.schema(
    {
        IMAGE: pa.string(),
        GROUP: pa.string(),
        WIDTH: pa.int32(),
        HEIGHT: pa.int32(),
        PIXELS: pa.binary(),
        BOXES: pa.list_(pa.float32()),
        LABELS: pa.list_(pa.int32()),
    }
)
REJECTED = pa.schema({IMAGE: pa.string(), "box": pa.int32(), "reason": pa.string()})
REJECTED_FILE = "rejected.parquet"
# A row group, which a reader holds, ends after so many images or bytes: the file depends on its rows alone.
ROWS, BYTES = 64, 1 << 23


@dataclass(frozen=True)
class Written:
    """What a split holds: its images, its boxes by class, and the largest image and box count."""

    images: int
    boxes: dict[str, int]
    widest: int
    highest: int
    most_boxes: int


def write_split(folder: Path, split: str, rows: Iterable[ImageRow], spec: Spec) -> Written:
    """Write the file of `split` in a prepared folder; `rows` are taken one at a time."""
    held: list[dict[str, Any]] = []
    size = images = widest = highest = most = 0
    boxes = dict.fromkeys(spec.classes, 0)
    with pq.ParquetWriter(folder / PREPARED_FILES[split], IMAGES, compression="zstd", use_dictionary=False) as writer:
        for row in rows:
            held.append(_to_row(row))
            size, images = size + len(row.pixels), images + 1
            widest, highest, most = max(widest, row.width), max(highest, row.height), max(most, len(row.boxes))
            for label in row.labels.tolist():
                boxes[spec.classes[label]] += 1
            if len(held) == ROWS or size >= BYTES:
                writer.write_table(pa.Table.from_pylist(held, schema=IMAGES))
                held, size = [], 0
        if held:
            writer.write_table(pa.Table.from_pylist(held, schema=IMAGES))
    return Written(images, boxes, widest, highest, most)


def write_rejected(folder: Path, rejected: Iterable[Rejected]) -> int:
    """Write `rejected.parquet`; how many rows it has."""
    rows = [{IMAGE: one.image, "box": one.box, "reason": one.reason} for one in rejected]
    pq.write_table(pa.Table.from_pylist(rows, schema=REJECTED), folder / REJECTED_FILE, compression="zstd")
    return len(rows)


def _to_row(row: ImageRow) -> dict[str, Any]:
    return {
        IMAGE: row.name,
        GROUP: row.group,
        WIDTH: row.width,
        HEIGHT: row.height,
        PIXELS: row.pixels,
        BOXES: row.boxes.ravel().tolist(),
        LABELS: row.labels.tolist(),
    }
