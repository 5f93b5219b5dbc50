"""A bundle's answers to prepared rows, through the predictor that serves it, and the metrics they are judged by."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from components.core.job import TEST, TRAIN, VALIDATION
from components.core.parts import Metric
from components.core.results import Answers
from components.kits.survival.cohort import ENTRY, EVENT, TIME, outcome_of
from components.kits.survival.metrics.censoring import Censoring
from components.kits.survival.metrics.marginal import marginal_risks
from components.kits.tables.encoding.cells import columns_of_frame
from components.recipes.shared.serving import first_rows, read_split, rows_in_turn
from components.recipes.survival.metrics.metrics import survival_metrics
from components.recipes.survival.params.params import SurvivalJob
from components.recipes.survival.serving.predictor import SurvivalPredictor, open_predictor


def answers(job: SurvivalJob, bundle: Path, split: str) -> Answers:
    """Risks `(N, H)` of a split's rows, by the way that every answer takes."""
    rows, predictor = read_split(job, split), open_predictor(bundle)
    answers = predictor.answer(columns_of_frame(rows, predictor.reader.columns), explain=False)
    return Answers(outcome_of(rows), answers.risk)


def answer_rows(job: SurvivalJob, bundle: Path) -> Callable[[int], object]:
    """A function that answers the next n test rows with their reasons, from the cells of a request on."""
    predictor = open_predictor(bundle)
    return rows_in_turn(job, lambda rows: predictor.answer(rows).columns(), _added(job))


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
    frames = [read_split(job, split) for split in (TRAIN, VALIDATION, TEST)]
    return Censoring.of(np.concatenate([outcome_of(frame) for frame in frames]))


def example(job: SurvivalJob, rows: int = 5) -> pd.DataFrame:
    """The first test rows as a client would send them: no key, no outcome."""
    return first_rows(job, _added(job), rows)


def _added(job: SurvivalJob) -> list[str]:
    """The columns that `prepare` adds to those of the file: the outcome, and when people entered who came late."""
    there = read_split(job, TEST).columns
    return [name for name in (TIME, EVENT, ENTRY) if name in there]
