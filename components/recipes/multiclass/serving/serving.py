"""A bundle's answers to prepared rows, through the predictor that serves it."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from components.core.job import PREPARED_FILES, TRAIN, Meta
from components.core.parts import Metric
from components.core.results import Answers
from components.kits.tables.encoding.cells import columns_of_frame
from components.kits.tables.encoding.spec import TARGET
from components.recipes.multiclass.metrics.metrics import class_metrics
from components.recipes.multiclass.params import ClassesJob, classes_of
from components.recipes.multiclass.serving.predictor import open_predictor as open_predictor
from components.recipes.shared.serving import first_rows, read_split, rows_in_turn


def answers(job: ClassesJob, bundle: Path, split: str) -> Answers:
    """Probabilities `(N, C)` of a split's rows, by the way that every answer takes."""
    rows, predictor = read_split(job, split), open_predictor(bundle)
    answers = predictor.answer(columns_of_frame(rows, predictor.reader.columns), explain=False)
    return Answers(rows[TARGET].to_numpy(np.int8), answers.score)


def answer_rows(job: ClassesJob, bundle: Path) -> Callable[[int], object]:
    """A function that answers the next n test rows with their reasons, from the cells of a request on."""
    predictor = open_predictor(bundle)
    return rows_in_turn(job, lambda rows: predictor.answer(rows).columns(), [TARGET])


def example(job: ClassesJob, rows: int = 5) -> pd.DataFrame:
    """The first test rows as a client would send them: no key, no target."""
    return first_rows(job, [TARGET], rows)


def constant(job: ClassesJob, _bundle: Path) -> np.ndarray:
    """The share of each class in the training rows, (C,)."""
    prepared = job.paths.prepared(job.case)
    target = pd.read_parquet(prepared / PREPARED_FILES[TRAIN], columns=[TARGET])[TARGET]
    classes = len(classes_of(Meta.read(prepared).data))
    shares: np.ndarray = np.bincount(target, minlength=classes) / len(target)
    return shares


def metrics(job: ClassesJob, bundle: Path) -> Mapping[str, Metric]:
    return class_metrics(classes=open_predictor(bundle).classes, bins=job.evaluate.ece_bins)
