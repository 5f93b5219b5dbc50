"""A bundle's answers to prepared rows, through the predictor that serves it."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from components.core.parts import Metric
from components.core.results import Answers
from components.kits.tables.encoding.cells import columns_of_frame
from components.kits.tables.encoding.spec import TARGET
from components.recipes.regression.metrics.metrics import regression_metrics
from components.recipes.regression.params import RegressionJob
from components.recipes.regression.serving.predictor import open_predictor
from components.recipes.shared.serving import first_rows, read_split, rows_in_turn


def answers(job: RegressionJob, bundle: Path, split: str) -> Answers:
    """Values and the ends of their intervals `(N, 3)` of a split's rows, by the way that every answer takes."""
    rows, predictor = read_split(job, split), open_predictor(bundle)
    answers = predictor.answer(columns_of_frame(rows, predictor.reader.columns), explain=False)
    return Answers(rows[TARGET].to_numpy(np.float64), answers.score)


def answer_rows(job: RegressionJob, bundle: Path) -> Callable[[int], object]:
    """A function that answers the next n test rows with their reasons, from the cells of a request on."""
    predictor = open_predictor(bundle)
    return rows_in_turn(job, lambda rows: predictor.answer(rows).columns(), [TARGET])


def example(job: RegressionJob, rows: int = 5) -> pd.DataFrame:
    """The first test rows as a client would send them: no key, no target."""
    return first_rows(job, [TARGET], rows)


def metrics(job: RegressionJob, bundle: Path) -> Mapping[str, Metric]:  # noqa: ARG001 - the bundle states the coverage
    return regression_metrics(coverage=open_predictor(bundle).settings.intervals.coverage)


def stated(job: RegressionJob, bundle: Path) -> Mapping[str, float]:  # noqa: ARG001
    """The share of rows that the bundle's intervals say they hold."""
    return {"coverage": open_predictor(bundle).settings.intervals.coverage}
