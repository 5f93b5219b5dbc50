"""What was found in the images of a split: what the tables and the pictures of a report are made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from components.core.parts import Metric
from components.core.results import LEARNER, MODEL
from components.recipes.detection.encoding.padding import stacked, truth
from components.recipes.detection.encoding.rows import ImageRow
from components.recipes.detection.metrics.matching import Matches, match
from components.recipes.detection.metrics.metrics import detection_metrics
from components.recipes.detection.metrics.outcomes import outcome
from components.recipes.detection.params.params import DetectionJob
from components.recipes.detection.report.boxes import Shown
from components.recipes.detection.report.slices import TrueBoxes, true_boxes
from components.recipes.detection.serving.predictor import SEGMENTATION, DetectionPredictor, open_predictor
from components.recipes.detection.serving.serving import read_split


@dataclass(frozen=True)
class Answered:
    """A split's N images, their true boxes (N, T, 5) and what each detector found (N, K, 6)."""

    split: str
    predictor: DetectionPredictor
    rows: list[ImageRow]
    target: np.ndarray
    found: dict[str, np.ndarray]

    @property
    def classes(self) -> tuple[str, ...]:
        return self.predictor.spec.classes

    @property
    def least(self) -> np.ndarray:
        """The confidence (C,) from which boxes of a class are served."""
        return np.array(self.predictor.settings.thresholds)

    def shown(self, place: int) -> Shown:
        """The image at a place, and what became of its boxes."""
        row = self.rows[place]
        found = outcome(self.matches, self.target, self.found[MODEL], place, self.least)
        return Shown(row.name, row.decoded(self.predictor.spec), found)

    def metrics(self, name: str) -> Mapping[str, Metric]:  # noqa: ARG002 - all are asked at the same confidences
        return detection_metrics(self.classes, threshold=self.least.tolist())

    @cached_property
    def matches(self) -> Matches:
        return match(self.target, self.found[MODEL], len(self.classes))

    @cached_property
    def boxes(self) -> TrueBoxes:
        return true_boxes(self.matches, self.target, self.least)


def answer(job: DetectionJob, bundle: Path, split: str) -> Answered:
    predictor, rows = open_predictor(bundle), list(read_split(job, split))
    most = predictor.settings.most
    images = [row.decoded(predictor.spec) for row in rows]
    learner = stacked([predictor.find(image) for image in images], most)
    regions = stacked([predictor.find_regions(image) for image in images], most)
    return Answered(split, predictor, rows, truth(rows), {MODEL: learner, LEARNER: learner, SEGMENTATION: regions})
