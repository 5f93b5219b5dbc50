"""Boxes for images: the network's map on tiles, the best of what overlaps. No torch."""

import json
import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from components.core.blocks import Block, read_block
from components.core.bundle import Bundle, read_bundle
from components.core.opened import kept_open
from components.core.results import LEARNER
from components.recipes.detection.encoding.looks import look_at, strange
from components.recipes.detection.encoding.raw import Raw
from components.recipes.detection.encoding.resize import padded, rescale
from components.recipes.detection.encoding.spec import IMAGE, PIXELS, Spec
from components.recipes.detection.encoding.suppress import read_map, suppress, vote
from components.recipes.detection.serving.segmentation import SegmentationModel
from components.recipes.detection.serving.tiles import Tile, tiles

if TYPE_CHECKING:  # paths are answered without
    import pandas as pd

log = logging.getLogger(__name__)

CUT = "only the surest {count} objects are answered, and there may be more; cut the image into parts"
SEGMENTATION = "segmentation"
SCORE, DETECTIONS, WARNINGS = "score", "detections", "warnings"
MULTIPLE = 32  # the network's coarsest stride
VIEW = 256  # side, in the network's pixels, of the piece of an image for which `most` holds
# Which axes of a map are mirrored, and where then the distances to the left, top, right and bottom are.
MIRRORS: list[tuple[tuple[int, ...], list[int]]] = [
    ((), [0, 1, 2, 3]),
    ((2,), [2, 1, 0, 3]),
    ((1,), [0, 3, 2, 1]),
    ((1, 2), [2, 3, 0, 1]),
]


Zooms = Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(strict=False, min_length=1)]
Votes = Annotated[float, Field(gt=0, le=1)] | None


class TileSettings(Block):
    """The side of a tile and the least overlap of two, in the network's pixels."""

    size: Annotated[int, Field(ge=MULTIPLE)]
    margin: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _tiles_move_on(self) -> "TileSettings":
        if self.size < max(2 * self.margin, self.margin + MULTIPLE):
            raise ValueError(f"size {self.size} is less than twice the overlap of tiles, {self.margin}")
        return self


class DetectionSettings(Block):
    """The `settings` of a detector's bundle.

    An image is scaled by `scale`. Boxes of at least the confidence `least` are answers to be weighed, those of at
    least their class's of `thresholds` are served. `mirrors` is the number of mirror images whose maps are averaged.
    For each piece of VIEW x VIEW pixels there are at most `most` answers: a slide has more than a view of it.
    The network looks at the image at each of `zooms` times its scale, and all answers are weighed together. Those of
    one class that overlap an answer by at least `votes` say with it where its box lies; null: it alone does.
    """

    spec: Spec
    scale: Annotated[float, Field(gt=0)]
    stride: int
    reach: float
    least: float
    overlap: float
    most: int
    thresholds: Annotated[list[float], Field(min_length=1)]
    mirrors: Literal[1, 2, 4]
    zooms: Zooms
    votes: Votes
    tile: TileSettings


class DetectionPredictor:
    """Encoded images to boxes with classes and confidences."""

    TAKES: ClassVar[Literal["images"]] = "images"

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.settings = read_block(DetectionSettings, bundle.manifest.settings, "bundle.settings")
        self.spec = self.settings.spec

    @cached_property
    def segmentation(self) -> SegmentationModel:
        """The baseline that travels with the network."""
        return read_block(SegmentationModel, self.bundle.json(SEGMENTATION), f"{SEGMENTATION}.json")

    def predict(self, rows: "pd.DataFrame") -> "pd.DataFrame":
        """Images as encoded bytes (`image`, `pixels`) to `image`, `score`, `count` and `detections`, as JSON: a list of
        `label`, `box` (x1, y1, x2, y2 in pixels) and `confidence`, the surest first. `score` is the surest one's, or 0;
        `warnings` is a list of what is not as in training images. An image with more objects than are answered is told.

        Raises:
            CasebookError: an image cannot be read.
        """
        import pandas as pd

        named = zip(rows[IMAGE], rows[PIXELS], strict=True)
        raws = [(name, self.spec.read(pixels, name)) for name, pixels in named]
        found = [self.served(self.spec.picture(raw, name), name) for name, raw in raws]
        return pd.DataFrame(
            {
                IMAGE: rows[IMAGE].to_numpy(),
                SCORE: [float(one[:1, 5].sum()) for one in found],
                "count": [len(one) for one in found],
                DETECTIONS: [json.dumps(self.named(one)) for one in found],
                WARNINGS: [self.strange(raw) for _, raw in raws],
            }
        )

    def answers_to(self, paths: Sequence[str | Path]) -> dict[str, Any]:
        """What `predict_file` writes of the images, by column: a row for each box, with names in place of numbers.

        Raises:
            CasebookError: an image is not there, or cannot be read.
        """
        boxes = [
            {IMAGE: str(path), "category": self.spec.classes[label], **box}
            for path in paths
            for label, box in coco_boxes(self.served(self.decode(Path(path), str(path)), str(path)))
        ]
        return {name: [box[name] for box in boxes] for name in (IMAGE, "category", "bbox", "area", "score")}

    def named(self, found: np.ndarray) -> list[dict[str, Any]]:
        return [
            {
                "label": self.spec.classes[int(one[4])],
                "box": [round(float(side), 2) for side in one[:4]],
                "confidence": round(float(one[5]), 4),
            }
            for one in found
        ]

    def decode(self, source: bytes | Path, name: str) -> np.ndarray:
        """(H, W, C) float32 in 0..1."""
        return self.spec.decode(source, name)

    def served(self, image: np.ndarray, name: str) -> np.ndarray:
        """Those of `find` that are sure enough. Where there may be more, `name` is told."""
        found, cut = self.sure(image)
        if cut:
            log.warning("%s: %s", name, CUT.format(count=len(found)))
        return found

    def strange(self, raw: Raw, channel: int | None = None) -> list[str]:
        """What is not as in the files of training images. Who names a `channel` knows how many there are."""
        found = look_at(raw)
        if channel is not None and self.spec.looks is not None:
            found = replace(found, channels=self.spec.looks.channels[0])
        return strange(found, self.spec.looks, stretched=self.spec.percentiles is not None)

    def sure(self, image: np.ndarray, threshold: float | None = None) -> tuple[np.ndarray, bool]:
        """Those of `find` that are sure enough, and whether some that may have been so were left out."""
        found = self.find(image)
        thresholds = self.settings.thresholds if threshold is None else [threshold] * len(self.spec.classes)
        enough = found[:, 5] >= np.array(thresholds)[found[:, 4].astype(int)]
        return found[enough], len(found) == self.most(image) and bool(enough.all())

    def most(self, image: np.ndarray) -> int:
        """How many answers an image may have: `most` for each piece of it of a view's area."""
        height, width = (side * self.settings.scale for side in image.shape[:2])
        return self.settings.most * max(1, math.ceil(height * width / VIEW**2))

    def find(self, image: np.ndarray) -> np.ndarray:
        """All answers (K, 6) to an image (H, W, C): x1, y1, x2, y2 in its pixels, class, confidence; surest first."""
        settings = self.settings
        found = np.concatenate([self._at(image, zoom) for zoom in settings.zooms])
        found = found[np.argsort(-found[:, 5], kind="stable")]
        kept = suppress(found, overlap=settings.overlap, most=self.most(image))
        if settings.votes is not None:
            kept = vote(kept, found, overlap=settings.votes)
        return _inside(kept, image)

    def find_regions(self, image: np.ndarray) -> np.ndarray:
        """The baseline's answers, as those of `find`."""
        planes = rescale(image, self.settings.scale)
        found = self.segmentation.find(planes)
        found = found[found[:, 5] >= self.settings.least][: self.most(image)]
        return _inside(_enlarged(found, planes.shape[1::-1], image), image)

    def _at(self, image: np.ndarray, zoom: float) -> np.ndarray:
        """All answers of the network to the image at `zoom` times its scale, in the image's pixels."""
        planes = rescale(image, self.settings.scale * zoom).transpose(2, 0, 1)
        looked = tiles(planes.shape[2], planes.shape[1], unit=MULTIPLE, **self.settings.tile.model_dump())
        found = np.concatenate([self._in_tile(planes, tile) for tile in looked])
        return _enlarged(found, planes.shape[:0:-1], image)

    def _in_tile(self, planes: np.ndarray, tile: Tile) -> np.ndarray:
        left, top, right, bottom = tile.seen
        found = read_map(
            self.map_of(padded(planes[:, top:bottom, left:right], MULTIPLE)),
            classes=len(self.spec.classes),
            stride=self.settings.stride,
            reach=self.settings.reach,
            least=self.settings.least,
        )
        found[:, :4] += np.array([left, top, left, top], np.float32)
        return found[tile.owns(found)]

    def map_of(self, planes: np.ndarray) -> np.ndarray:
        """The network's map (classes + 4, H / stride, W / stride) of planes (C, H, W), the mean over mirror images."""
        mirrors = MIRRORS[: self.settings.mirrors]
        images = np.stack([np.flip(planes, axes) for axes, _ in mirrors]).astype(np.float32)
        answers = self.bundle.session(LEARNER).run(["map"], {"image": images})[0]
        classes = len(self.spec.classes)
        maps = [
            np.flip(np.concatenate([answer[:classes], answer[classes:][sides]]), axes)
            for answer, (axes, sides) in zip(answers, mirrors, strict=True)
        ]
        mean: np.ndarray = np.mean(maps, axis=0)
        return mean


def _enlarged(found: np.ndarray, size: tuple[int, ...], image: np.ndarray) -> np.ndarray:
    """Answers to the image in a copy of it of `size` (width, height), in the image's own pixels."""
    factor = np.array(image.shape[1::-1] * 2) / np.array(size * 2)
    return np.concatenate([found[:, :4] * factor, found[:, 4:]], axis=1)


def _inside(found: np.ndarray, image: np.ndarray) -> np.ndarray:
    boxes = np.clip(found[:, :4], 0, np.array(image.shape[1::-1] * 2))
    return np.concatenate([boxes, found[:, 4:]], axis=1).astype(np.float32)


def coco_boxes(found: np.ndarray) -> Iterator[tuple[int, dict[str, Any]]]:
    """The class and COCO's fields of each of the answers (K, 6)."""
    for x1, y1, x2, y2, label, confidence in found.astype(float).tolist():
        bbox = [round(side, 2) for side in (x1, y1, x2 - x1, y2 - y1)]
        yield int(label), {"bbox": bbox, "area": round((x2 - x1) * (y2 - y1), 2), "score": round(confidence, 4)}


@kept_open
def open_predictor(folder: Path, *, threads: int = 1) -> DetectionPredictor:
    """The predictor of a bundle folder.

    Raises:
        CasebookError: the folder is no whole bundle.
    """
    return DetectionPredictor(read_bundle(folder, threads=threads))
