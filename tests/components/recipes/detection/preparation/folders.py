"""Small folders of annotated images, and `prepare` blocks for them, for the tests of this folder."""

import json
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from components.core.errors import CasebookError
from components.core.files import write_json
from components.core.job import Meta
from components.recipes.detection.encoding.rows import ImageRow, read_rows
from components.recipes.detection.preparation.prepare import prepare_images
from tests.toy.jobs import job_of_block

Box = tuple[str, float, float, float, float]
WIDTH, HEIGHT = 40, 30
CELL: Box = ("cell", 2, 3, 12, 13)
FILES = {"train": "train.parquet", "validation": "val.parquet", "test": "test.parquet"}
LISTS = {"train": "train.txt", "validation": "val.txt", "test": "test.txt"}


def block(**changes: Any) -> dict[str, Any]:
    """A whole `prepare` block for VOC folders."""
    return {
        "form": "voc",
        "images": "images",
        "annotations": "boxes",
        "lists": None,
        "group": None,
        "classes": None,
        "boxes": {"layout": None, "units": None, "first": None, "max_odd": 0.05},
        "named_by": None,
        "fold": None,
        "difficult": "keep",
        "masks": None,
        "split": {"validation": 0.25, "test": 0.25, "seed": 3},
        "channels": 3,
        "percentiles": None,
        "max_rejected": 0.0,
        "simulate": None,
    } | changes


def picture(path: Path, *, seed: int | None = None, size: tuple[int, int] = (WIDTH, HEIGHT), **options: Any) -> None:
    """A colour image of noise; the same name gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(crc32(path.name.encode()) if seed is None else seed)
    Image.fromarray(random.integers(256, size=(size[1], size[0], 3), dtype=np.uint8)).save(path, **options)


def xml(boxes: list[Box], *, filename: str = "", size: tuple[int, int] | None = (WIDTH, HEIGHT)) -> str:
    objects = "".join(
        f"<object><name>{name}</name><bndbox><xmin>{x1}</xmin><ymin>{y1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax>"
        "</bndbox></object>"
        for name, x1, y1, x2, y2 in boxes
    )
    shown = f"<size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>" if size else ""
    return f"<annotation><filename>{filename}</filename>{shown}{objects}</annotation>"


def voc(raw: Path, images: dict[str, list[Box]]) -> None:
    """`images/NAME.png` and `boxes/NAME.xml` for each name."""
    (raw / "boxes").mkdir(parents=True, exist_ok=True)
    for name, boxes in images.items():
        picture(raw / "images" / f"{name}.png")
        (raw / "boxes" / f"{name}.xml").write_text(xml(boxes), encoding="utf-8")


def coco(path: Path, images: dict[str, list[Box]], *, first: int = 100, **changes: Any) -> dict[str, Any]:
    """A COCO file whose ids leave gaps; the images themselves are for the caller to draw."""
    names = sorted({box[0] for boxes in images.values() for box in boxes})
    content = {
        "images": [
            {"id": first + 7 * place, "file_name": name, "width": WIDTH, "height": HEIGHT}
            for place, name in enumerate(images)
        ],
        "categories": [{"id": 3 * place + 2, "name": name} for place, name in enumerate(names)],
        "annotations": [
            {
                "id": 1000 + 10 * place + number,
                "image_id": first + 7 * place,
                "category_id": 3 * names.index(name) + 2,
                "bbox": [x1, y1, x2 - x1, y2 - y1],
                "iscrowd": 0,
            }
            for place, boxes in enumerate(images.values())
            for number, (name, x1, y1, x2, y2) in enumerate(boxes)
        ],
    } | changes
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return content


def prepare(folder: Path, content: dict[str, Any]) -> Meta:
    """Prepare `folder/raw` to `folder/prepared`."""
    write_json(folder / "raw" / "source.json", {"kind": "folder", "files": {"a": {}}})
    return prepare_images(job_of_block("detection", folder, content))


def eight(tmp_path: Path, **more: list[Box]) -> None:
    """Eight good images, and `more`."""
    voc(tmp_path / "raw", {f"good{number}": [CELL] for number in range(8)} | more)


def rows(tmp_path: Path) -> dict[str, dict[str, ImageRow]]:
    return {split: {row.name: row for row in read_rows(tmp_path / "prepared" / file)} for split, file in FILES.items()}


def every(tmp_path: Path) -> dict[str, ImageRow]:
    return {name: row for split in rows(tmp_path).values() for name, row in split.items()}


def rejected(tmp_path: Path) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in pq.read_table(tmp_path / "prepared" / "rejected.parquet").to_pylist()]


def refused(tmp_path: Path, content: dict[str, Any]) -> str:
    with pytest.raises(CasebookError) as error:
        prepare(tmp_path, content)
    assert not (tmp_path / "prepared").exists()
    return str(error.value)
