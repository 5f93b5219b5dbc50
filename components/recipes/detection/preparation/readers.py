"""The forms of annotations that are read."""

from collections.abc import Callable, Iterator
from pathlib import Path

from components.recipes.detection.preparation.coco import read_coco
from components.recipes.detection.preparation.cvat import read_cvat
from components.recipes.detection.preparation.masks import read_masks
from components.recipes.detection.preparation.reading import Reading
from components.recipes.detection.preparation.records import ImageRecord, Rejected
from components.recipes.detection.preparation.voc import read_voc
from components.recipes.detection.preparation.writing import Layout
from components.recipes.detection.preparation.yolo import read_yolo

Reader = Callable[[Path, Path, Reading], Iterator[ImageRecord | Rejected]]
READERS: dict[str, Reader] = {
    "voc": read_voc,
    "coco": read_coco,
    "yolo": read_yolo,
    "cvat": read_cvat,
    "masks": read_masks,
}
LAYOUTS: dict[str, Layout] = {
    "voc": "corners",
    "coco": "sizes",
    "yolo": "centres",
    "cvat": "corners",
    "masks": "corners",
}
SHARES = ("yolo",)  # forms whose numbers are shares of the image
