"""What moves the score: effects of the strongest columns, and the reasons of one row over the threshold."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from components.core.job import TEST, VALIDATION
from components.evaluation.presentation.effects import effects
from components.kits.tables.effects import ROWS, strongest_effects
from components.kits.tables.encoding.cells import columns_of_frame
from components.recipes.binary.metrics.rows import log_odds
from components.recipes.binary.params import BinaryJob
from components.recipes.binary.report.outcome import Outcome
from components.recipes.binary.report.reasons import Explained, near_threshold, reasons
from components.recipes.binary.serving.predictor import TablePredictor

COLUMNS = 6


def explained(
    job: BinaryJob,
    predictor: TablePredictor,
    frames: Mapping[str, pd.DataFrame],
    scores: Mapping[str, np.ndarray],
    outcome: Outcome,
) -> dict[str, Callable[[], Figure]]:
    """Pictures by the names of their files, of frames and their served scores (N,) by split.

    The second is there only where a test row is over the threshold for a reason.
    """
    shown = partial(_effects, job, predictor, frames[VALIDATION], float(scores[VALIDATION].mean()), outcome)
    one = example(predictor, frames[TEST], scores[TEST])
    if one is None:
        return {"effects": shown}
    drawn = partial(reasons, one, outcome=outcome, threshold=predictor.settings.threshold)
    return {"effects": shown, "applicant": drawn}


def example(predictor: TablePredictor, rows: pd.DataFrame, score: np.ndarray) -> Explained | None:
    """A row (of N) that is over the threshold and not by much, as `predict` answers it."""
    settings = predictor.settings
    one = near_threshold(score, settings.threshold)
    if one is None:
        return None
    answer = predictor.answer(columns_of_frame(rows.iloc[[one]], predictor.reader.columns))
    return Explained(float(answer.score[0]), answer.reasons[0], settings.reference) if answer.reasons[0] else None


def _effects(
    job: BinaryJob, predictor: TablePredictor, validation: pd.DataFrame, overall: float, outcome: Outcome
) -> Figure:
    found = strongest_effects(
        predictor.probabilities,
        validation,
        predictor.reader.columns,
        predictor.reference,
        scale=log_odds,
        most=COLUMNS,
        seed=job.evaluate.seed,
    )
    names, rows = " and ".join(one.column for one in found[:2]), min(ROWS, len(validation))
    return effects(
        found,
        title=f"What moves the score most: {names}",
        answer=outcome.score,
        overall=overall,
        note=f"Mean answer of the served model for {rows} validation rows, if all had this value in the column and were"
        " otherwise as they are.",
    )
