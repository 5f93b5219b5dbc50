"""A bundle's answers to the images of a split, through the predictor that serves it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from components.contracts import BUNDLE, PREPARED_FILES, TEST, Answers, Job
from components.predictors.detection.predictor import DetectionPredictor, open_predictor
from components.preparation.images.encoding.padding import stacked, truth
from components.preparation.images.encoding.rows import ImageRow, read_rows
from components.preparation.images.encoding.spec import IMAGE, PIXELS

EXAMPLES = 2
TIMED = 16  # images that are timed in turn


def answers(job: Job, bundle: Path, split: str) -> Answers:
    """True boxes (N, T, 5) and answers (N, K, 6) of a split's images, padded with NaN; K is `most` of the bundle."""
    predictor = open_predictor(bundle_below(bundle))
    rows = read_split(job, split)
    found = [(row, predictor.find(row.decoded(predictor.spec))) for row in rows]
    return Answers(truth([row for row, _ in found]), stacked([one for _, one in found], predictor.settings.most))


def read_split(job: Job, split: str, *, pixels: bool = True) -> Iterator[ImageRow]:
    return read_rows(job.paths.prepared(job.case) / PREPARED_FILES[split], pixels=pixels)


def bundle_below(folder: Path) -> Path:
    """The bundle of a folder that `fit` wrote; any other folder is one."""
    return folder / BUNDLE if (folder / BUNDLE).is_dir() else folder


def answer_rows(job: Job, bundle: Path) -> Callable[[int], object]:
    """A function that finds the objects of n encoded images, the first of the test in turn."""
    predictor = open_predictor(bundle_below(bundle))
    rows = [row for row, _ in zip(read_split(job, TEST), range(TIMED), strict=False)]

    def answer(count: int) -> object:
        return [_answer(predictor, rows[place % len(rows)]) for place in range(count)]

    return answer


def _answer(predictor: DetectionPredictor, row: ImageRow) -> np.ndarray:
    return predictor.served(predictor.decode(row.pixels, row.name))


def example(job: Job) -> pd.DataFrame:
    """Images as a client would send them."""
    rows = [row for row, _ in zip(read_split(job, TEST), range(EXAMPLES), strict=False)]
    return pd.DataFrame({IMAGE: [row.name for row in rows], PIXELS: [row.pixels for row in rows]})
