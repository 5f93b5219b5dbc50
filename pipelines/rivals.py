"""Whom the gate holds a candidate against on the test rows: baselines, champions, and of probabilities a constant."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from components.core.job import Job
from components.core.recipe import Recipe
from components.core.results import LEARNER, MODEL, Answers, Interval
from components.evaluation.bootstrap import Resampling, paired_difference
from components.evaluation.scores import from_column
from components.registry.calibrated import Calibration
from components.registry.rivals import Rival


def rival(job: Job, recipe: Recipe, served: Answers, name: str, score: np.ndarray, metric: str | None = None) -> Rival:
    """Who has answered the rows of `served` by `score`; compared by `metric`, the primary one if it is None."""
    metric = metric or recipe.primary
    judge = recipe.serving.metrics(job, job.paths.bundle(job.case))[metric]
    first, second = served.score, score
    if metric in recipe.lower_is_better:
        first, second = second, first
    found = paired_difference(judge, served.target, first, second, resampling=Resampling.of(job.params.release))
    return Rival(name, float(judge(served.target, score)), Interval(found.value, found.low, found.high))


def calibration(
    job: Job,
    recipe: Recipe,
    served: Answers,
    judged: Mapping[str, Mapping[str, Interval]],
    predictions: pd.DataFrame,
) -> tuple[Calibration, ...]:
    """By each score of probabilities, the best baseline of those that were `judged`, and a constant."""
    if not recipe.probability_scores:
        return ()
    constant = recipe.calibrated.constant(job, job.paths.bundle(job.case))
    always = np.broadcast_to(constant, served.score.shape).copy()
    found = []
    for metric in recipe.probability_scores:
        names = [name for name, one in judged.items() if name not in (MODEL, LEARNER) and metric in one]
        best = min(names, key=lambda name: judged[name][metric].value, default=None)
        against = None
        if best is not None:
            against = rival(job, recipe, served, best, from_column(predictions[best]), metric)
        found.append(Calibration(metric, against, rival(job, recipe, served, "constant", always, metric)))
    return tuple(found)
