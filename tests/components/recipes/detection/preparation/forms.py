"""The same boxes in five forms of annotations, as their tools write them."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from tests.components.recipes.detection.preparation.folders import HEIGHT, WIDTH, Box, coco, picture, xml

Boxes = dict[str, list[Box]]


def write_voc(folder: Path, images: Boxes) -> None:
    for name, boxes in images.items():
        (folder / f"{name}.xml").write_text(xml(boxes, filename=f"{name}.png"), encoding="utf-8")


def write_coco(folder: Path, images: Boxes) -> None:
    coco(folder / "boxes.json", {f"{name}.png": boxes for name, boxes in images.items()})


def write_runs(folder: Path, images: Boxes) -> None:
    """COCO without boxes: every second object as a polygon, the others as runs, down the columns."""
    content = coco(folder / "boxes.json", {f"{name}.png": boxes for name, boxes in images.items()})
    for number, entry in enumerate(content["annotations"]):
        x, y, width, height = entry.pop("bbox")
        if number % 2:
            entry["segmentation"] = [[x, y, x + width, y, x + width, y + height, x, y + height]]
        else:
            pixels = np.zeros((HEIGHT, WIDTH), np.uint8)
            pixels[y : y + height, x : x + width] = 1
            flat = pixels.ravel(order="F")
            edges = np.flatnonzero(np.diff(flat, prepend=0)).tolist()
            counts = np.diff([0, *edges, flat.size]).tolist()
            entry["segmentation"] = {"size": [HEIGHT, WIDTH], "counts": counts}
    (folder / "boxes.json").write_text(json.dumps(content), encoding="utf-8")


def write_yolo(folder: Path, images: Boxes) -> None:
    """Outlines for every second box, as a turned box has them."""
    names = sorted({box[0] for boxes in images.values() for box in boxes})
    (folder / "data.yaml").write_text(f"names: {json.dumps(names)}\n", encoding="utf-8")
    for name, boxes in images.items():
        lines = []
        for number, (label, x1, y1, x2, y2) in enumerate(boxes):
            if number % 2:
                numbers = [x1, y1, x2, y1, x2, y2, x1, y2]
            else:
                numbers = [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1]
            shares = [number / (HEIGHT if place % 2 else WIDTH) for place, number in enumerate(numbers)]
            lines.append(" ".join([str(names.index(label)), *(f"{share:.6f}" for share in shares)]))
        (folder / f"{name}.txt").write_text("\n".join(lines), encoding="utf-8")


def write_cvat(folder: Path, images: Boxes) -> None:
    parts = []
    for number, (name, boxes) in enumerate(images.items()):
        shapes = ""
        for place, (label, x1, y1, x2, y2) in enumerate(boxes):
            if place % 2:
                shapes += f'<polygon label="{label}" points="{x1},{y1};{x2},{y1};{x2},{y2};{x1},{y2}"/>'
            else:
                shapes += f'<box label="{label}" xtl="{x1}" ytl="{y1}" xbr="{x2}" ybr="{y2}" occluded="0"/>'
        parts.append(f'<image id="{number}" name="{name}.png" width="{WIDTH}" height="{HEIGHT}">{shapes}</image>')
    text = f'<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version>{"".join(parts)}</annotations>'
    (folder / "annotations.xml").write_text(text, encoding="utf-8")


def write_masks(folder: Path, images: Boxes) -> None:
    """A number for each object, with gaps between the numbers."""
    for name, boxes in images.items():
        mask = np.zeros((HEIGHT, WIDTH), np.uint16)
        for number, (_, x1, y1, x2, y2) in enumerate(boxes):
            mask[int(y1) : int(y2), int(x1) : int(x2)] = 7 * number + 300
        Image.fromarray(mask).save(folder / f"{name}_mask.png")


FORMS: dict[str, Callable[[Path, Boxes], None]] = {
    "voc": write_voc,
    "coco": write_coco,
    "yolo": write_yolo,
    "cvat": write_cvat,
    "masks": write_masks,
    "runs": write_runs,
}


def lab(folder: Path, form: str, images: Boxes) -> Path:
    """`folder/images` and `folder/labels`, or masks, of one form."""
    labels = folder / ("masks" if form == "masks" else "labels")
    labels.mkdir(parents=True)
    for name in images:
        picture(folder / "images" / f"{name}.png")
    FORMS[form](labels, images)
    return folder
