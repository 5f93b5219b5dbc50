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
from components.kits.survival.metrics.marginal import marginal_risks
from components.recipes.shared.cohort_answers import answer_in_turn, answers_of, development, some_rows
from components.recipes.shared.serving import read_split
from components.recipes.survival.metrics.metrics import survival_metrics
from components.recipes.survival.params.params import SurvivalJob
from components.recipes.survival.serving.predictor import SurvivalPredictor, open_predictor


def answers(job: SurvivalJob, bundle: Path, split: str) -> Answers:
    """Risks `(N, H)` of a split's rows."""
    return answers_of(job, open_predictor(bundle), split)


def answer_rows(job: SurvivalJob, bundle: Path) -> Callable[[int], object]:
    return answer_in_turn(job, open_predictor(bundle))


def example(job: SurvivalJob, rows: int = 5) -> pd.DataFrame:
    return some_rows(job, rows)


def constant(job: SurvivalJob, bundle: Path) -> np.ndarray:
    """Kaplan and Meier's risk `(H,)` of the training rows by each horizon."""
    return marginal_risks(outcome_of(read_split(job, TRAIN)), open_predictor(bundle).settings.horizons)


def metrics(job: SurvivalJob, bundle: Path) -> Mapping[str, Metric]:
    return metrics_of(job, open_predictor(bundle), development_censoring(job))


def metrics_of(job: SurvivalJob, predictor: SurvivalPredictor, censoring: Censoring) -> Mapping[str, Metric]:
    settings = predictor.settings
    calibrated = job.evaluate.calibrated
    return survival_metrics(
        horizons=settings.horizons,
        calibrated=calibrated,
        censoring=censoring,
        threshold=settings.threshold,
        unit=settings.unit,
    )


def development_censoring(job: SurvivalJob) -> Censoring:
    """The censoring distribution of the whole development cohort, by which every split is weighted."""
    return Censoring.of(development(job))
