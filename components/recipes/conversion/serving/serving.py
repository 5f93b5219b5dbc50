"""A bundle's answers to the clauses of a split, through the predictor that serves it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from components.core.job import TEST
from components.core.parts import Metric
from components.core.results import Answers
from components.recipes.conversion.metrics.metrics import text_metrics
from components.recipes.conversion.params.params import ConversionJob
from components.recipes.conversion.serving.predictor import PINYIN_COLUMN, Conversion, open_predictor
from components.recipes.shared.serving import bundle_below, in_turn, read_split

TIMED = 10  # syllables of the clauses that are timed
EXAMPLES = 3


def answers(job: ConversionJob, bundle: Path, split: str) -> Answers:
    """The text (N,) of each clause, and what its pinyin is converted to (N,)."""
    clauses = read_split(job, split)
    predictor = open_predictor(bundle_below(bundle, split))
    found = predictor.convert_syllables(clauses["syllables"].str.split().tolist(), n_best=1)
    return Answers(clauses["text"].to_numpy(object), texts(found))


def texts(found: Sequence[Conversion]) -> np.ndarray:
    """The best answer (N,) of each clause."""
    return np.array([one.text for one in found], object)


def answer_rows(job: ConversionJob, bundle: Path) -> Callable[[int], object]:
    """A function that converts the next n lines of about ten syllables, of those of the test nearest to that."""
    predictor = open_predictor(bundle_below(bundle))
    clauses = read_split(job, TEST)["syllables"].tolist()
    distance = [abs(len(clause.split()) - TIMED) for clause in clauses]
    nearest = [clause for clause, far in zip(clauses, distance, strict=True) if far <= max(min(distance), 1)]
    return in_turn(lambda lines: predictor.convert(lines, n_best=1), nearest)


def example(job: ConversionJob) -> pd.DataFrame:
    """Pinyin as a client would send it."""
    return pd.DataFrame({PINYIN_COLUMN: read_split(job, TEST)["syllables"].head(EXAMPLES).tolist()})


def metrics(job: ConversionJob, bundle: Path) -> Mapping[str, Metric]:  # noqa: ARG001 - no threshold to read
    return text_metrics()
