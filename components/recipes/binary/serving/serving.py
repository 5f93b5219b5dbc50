"""A bundle's answers to prepared rows, through the predictor that serves it."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from components.core.job import PREPARED_FILES, TRAIN
from components.core.parts import Metric
from components.core.results import Answers
from components.kits.tables.encoding.cells import columns_of_frame
from components.kits.tables.encoding.spec import TARGET
from components.recipes.binary.metrics.metrics import binary_metrics
from components.recipes.binary.params import BinaryJob
from components.recipes.binary.serving.predictor import open_predictor
from components.recipes.shared.serving import first_rows, rows_in_turn
from components.recipes.shared.serving import (
    read_split as read_split,  # the report's, which dvc.yaml has depend on this file
)


def answers(job: BinaryJob, bundle: Path, split: str) -> Answers:
    """Scores `(N,)` of a split's rows, by the way that every answer takes."""
    rows, predictor = read_split(job, split), open_predictor(bundle)
    answers = predictor.answer(columns_of_frame(rows, predictor.reader.columns), explain=False)
    return Answers(rows[TARGET].to_numpy(np.int8), answers.score)


def answer_rows(job: BinaryJob, bundle: Path) -> Callable[[int], object]:
    """A function that answers the next n test rows with their reasons, from the cells of a request on."""
    predictor = open_predictor(bundle)
    return rows_in_turn(job, lambda rows: predictor.answer(rows).columns(), [TARGET])


def example(job: BinaryJob, rows: int = 5) -> pd.DataFrame:
    """The first test rows as a client would send them: no key, no target."""
    return first_rows(job, [TARGET], rows)


def constant(job: BinaryJob, _bundle: Path) -> np.ndarray:
    """The share of positives in the training rows."""
    path = job.paths.prepared(job.case) / PREPARED_FILES[TRAIN]
    return np.asarray(pd.read_parquet(path, columns=[TARGET])[TARGET].mean())


def metrics(job: BinaryJob, bundle: Path) -> Mapping[str, Metric]:
    return binary_metrics(threshold=open_predictor(bundle).settings.threshold, bins=job.evaluate.ece_bins)
