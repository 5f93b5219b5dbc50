"""A bundle's answers to prepared rows, through the predictor that serves it, and the metrics they are judged by."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from components.core.job import TRAIN
from components.core.parts import Metric
from components.core.results import Answers
from components.kits.survival.cohort import outcome_of
from components.kits.survival.metrics.censoring import Censoring
from components.recipes.competing_risks.metrics.incidence import Incidence
from components.recipes.competing_risks.metrics.metrics import Judge
from components.recipes.competing_risks.metrics.rows import censoring_of
from components.recipes.competing_risks.params.params import CausesJob
from components.recipes.competing_risks.serving.predictor import CausesPredictor, open_predictor
from components.recipes.shared.cohort_answers import answer_in_turn, answers_of, development, some_rows
from components.recipes.shared.serving import read_split


def answers(job: CausesJob, bundle: Path, split: str) -> Answers:
    """Incidences `(N, K * H)` of a split's rows."""
    return answers_of(job, open_predictor(bundle), split)


def answer_rows(job: CausesJob, bundle: Path) -> Callable[[int], object]:
    return answer_in_turn(job, open_predictor(bundle))


def example(job: CausesJob, rows: int = 5) -> pd.DataFrame:
    return some_rows(job, rows)


def constant(job: CausesJob, bundle: Path) -> np.ndarray:
    """Aalen and Johansen's incidences `(K * H,)` of the training rows."""
    settings = open_predictor(bundle).settings
    return Incidence.of(outcome_of(read_split(job, TRAIN)), len(settings.causes)).at(settings.horizons).ravel()


def metrics(job: CausesJob, bundle: Path) -> Mapping[str, Metric]:
    predictor = open_predictor(bundle)
    return judge_of(job, predictor).metrics(job.evaluate.calibrated, predictor.settings.threshold)


def judge_of(job: CausesJob, predictor: CausesPredictor) -> Judge:
    settings = predictor.settings
    return Judge(settings.causes, settings.horizons, development_censoring(job), settings.unit)


def development_censoring(job: CausesJob) -> Censoring:
    """The censoring distribution of the whole development cohort, by which every split is weighted."""
    return censoring_of(development(job))
