"""What moves the answers: effects of the strongest columns on the probability of each of the commonest classes."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from components.evaluation.plots import file_name
from components.evaluation.presentation.effects import effects
from components.evaluation.presentation.figures import shortened
from components.kits.tables.effects import ROWS, strongest_effects
from components.kits.tables.encoding.encode import Encoded
from components.recipes.multiclass.metrics.explain import log_odds
from components.recipes.multiclass.params import ClassesJob
from components.recipes.multiclass.serving.predictor import ClassPredictor

COLUMNS = 4
MOST_CLASSES = 4


def explained(
    job: ClassesJob, predictor: ClassPredictor, validation: pd.DataFrame, score: np.ndarray
) -> dict[str, Callable[[], Figure]]:
    """A picture for each of the likeliest classes, by the names of their files; `score (N, C)` of validation rows."""
    mean = score.mean(axis=0)
    chosen = sorted(np.argsort(-mean, kind="stable")[:MOST_CLASSES].tolist())
    return {
        f"effects_{file_name(predictor.classes[place]).lower()}": partial(
            _effects, job, predictor, validation, place, float(mean[place])
        )
        for place in chosen
    }


def _effects(
    job: ClassesJob, predictor: ClassPredictor, validation: pd.DataFrame, place: int, overall: float
) -> Figure:
    def probability(encoded: Encoded) -> np.ndarray:
        return predictor.probabilities(encoded)[:, place]

    found = strongest_effects(
        probability,
        validation,
        predictor.reader.columns,
        predictor.references[place],
        scale=log_odds,
        most=COLUMNS,
        seed=job.evaluate.seed,
    )
    name, rows = shortened(predictor.classes[place], 20), min(ROWS, len(validation))
    return effects(
        found,
        title=f"What makes {name} likely: {' and '.join(one.column for one in found[:2])}",
        answer=f"predicted probability of {name}",
        overall=overall,
        note=f"Mean answer of the served model for {rows} validation rows, if all had this value in the column and were"
        " otherwise as they are.",
    )
