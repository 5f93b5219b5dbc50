"""A bundle's answers to the clauses of a split, through the predictor that serves it."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from components.contracts import BUNDLE, PREPARED_FILES, SELECTION, TEST, VALIDATION, Answers, Job
from components.predictors.conversion.predictor import PINYIN_COLUMN, Conversion, open_predictor

TIMED = 10  # syllables of the clauses that are timed
EXAMPLES = 3


def answers(job: Job, bundle: Path, split: str) -> Answers:
    """The text (N,) of each clause, and what its pinyin is converted to (N,)."""
    clauses = read_clauses(job, split)
    predictor = open_predictor(bundle_below(bundle, split))
    found = predictor.convert_syllables(clauses["syllables"].str.split().tolist(), n_best=1)
    return Answers(clauses["text"].to_numpy(object), texts(found))


def texts(found: Sequence[Conversion]) -> np.ndarray:
    """The best answer (N,) of each clause."""
    return np.array([one.text for one in found], object)


def read_clauses(job: Job, split: str) -> pd.DataFrame:
    return pd.read_parquet(job.paths.prepared(job.case) / PREPARED_FILES[split])


def bundle_below(folder: Path, split: str = TEST) -> Path:
    """Of a folder that `fit` wrote, the bundle that answers a split: the validation is answered by one that does not
    know it. Any other folder is a bundle.
    """
    below = folder / (SELECTION if split == VALIDATION else BUNDLE)
    return below if below.is_dir() else folder


def answer_rows(job: Job, bundle: Path) -> Callable[[int], object]:
    """A function that converts n clauses of about ten syllables, those of the test nearest to that, in turn."""
    predictor = open_predictor(bundle_below(bundle))
    clauses = read_clauses(job, TEST)["syllables"].str.split().tolist()
    distance = [abs(len(clause) - TIMED) for clause in clauses]
    nearest = [clause for clause, far in zip(clauses, distance, strict=True) if far <= max(min(distance), 1)]

    def answer(count: int) -> object:
        return predictor.convert_syllables([nearest[place % len(nearest)] for place in range(count)], n_best=1)

    return answer


def example(job: Job) -> pd.DataFrame:
    """Pinyin as a client would send it."""
    return pd.DataFrame({PINYIN_COLUMN: read_clauses(job, TEST)["syllables"].head(EXAMPLES).tolist()})
