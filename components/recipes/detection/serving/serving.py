"""A bundle's answers to the images of a split, through the predictor that serves it."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from components.core.job import PREPARED_FILES, TEST
from components.core.parts import Metric
from components.core.results import Answers
from components.recipes.detection.encoding.padding import stacked, truth
from components.recipes.detection.encoding.rows import ImageRow, read_rows
from components.recipes.detection.encoding.spec import IMAGE, PIXELS
from components.recipes.detection.metrics.metrics import detection_metrics
from components.recipes.detection.params.params import DetectionJob
from components.recipes.detection.serving.predictor import DetectionPredictor, open_predictor
from components.recipes.shared.serving import bundle_below, in_turn

EXAMPLES = 2
TIMED = 16  # images that are timed in turn


def answers(job: DetectionJob, bundle: Path, split: str) -> Answers:
    """True boxes (N, T, 5) and answers (N, K, 6) of a split's images, padded with NaN; K is the most answers of one."""
    predictor = open_predictor(bundle_below(bundle))
    rows = read_split(job, split)
    found = [(row, predictor.find(row.decoded(predictor.spec))) for row in rows]
    return Answers(truth([row for row, _ in found]), stacked([one for _, one in found], predictor.settings.most))


def read_split(job: DetectionJob, split: str, *, pixels: bool = True) -> Iterator[ImageRow]:
    return read_rows(job.paths.prepared(job.case) / PREPARED_FILES[split], pixels=pixels)


def answer_rows(job: DetectionJob, bundle: Path) -> Callable[[int], object]:
    """A function that answers the next n of the first test images, encoded as they are sent."""
    predictor = open_predictor(bundle_below(bundle))
    rows = [row for row, _ in zip(read_split(job, TEST), range(TIMED), strict=False)]
    return in_turn(lambda some: [_answer(predictor, row) for row in some], rows)


def _answer(predictor: DetectionPredictor, row: ImageRow) -> list[dict[str, Any]]:
    return predictor.named(predictor.served(predictor.decode(row.pixels, row.name), row.name))


def example(job: DetectionJob) -> pd.DataFrame:
    """Images as a client would send them."""
    rows = [row for row, _ in zip(read_split(job, TEST), range(EXAMPLES), strict=False)]
    return pd.DataFrame({IMAGE: [row.name for row in rows], PIXELS: [row.pixels for row in rows]})


def metrics(job: DetectionJob, bundle: Path) -> Mapping[str, Metric]:  # noqa: ARG001 - the bundle says it all
    settings = open_predictor(bundle).settings
    return detection_metrics(settings.spec.classes, threshold=settings.thresholds)
