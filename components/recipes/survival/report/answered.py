"""What was answered to the patients of a split: what the tables and the pictures of a report are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from components.core.results import MODEL
from components.kits.survival.blocks import EvaluateParams
from components.kits.survival.cohort import outcome_of
from components.kits.survival.metrics import curves
from components.kits.survival.report.calibration import Reliability, reliability
from components.recipes.shared.serving import read_split
from components.recipes.survival.params.params import SurvivalJob
from components.recipes.survival.serving.predictor import SurvivalPredictor

Groups = Mapping[str, Sequence[Mapping[str, Any]]]  # rows of `groups.subgroups`, by column


@dataclass(frozen=True)
class Answered:
    """A split's N rows, their outcome (N, 2), or (N, 3) with entries, and by name the risks `(N, H)` of the model and
    of each member.
    """

    split: str
    rows: pd.DataFrame
    target: np.ndarray
    risks: dict[str, np.ndarray]
    blended: np.ndarray
    cumulative: np.ndarray


def answer(job: SurvivalJob, predictor: SurvivalPredictor, members: SurvivalPredictor, split: str) -> Answered:
    """By the blend of the predictor, and by each of the `members` alone."""
    rows = read_split(job, split)
    encoded = predictor.encoder.encode(rows)
    horizons, times = predictor.settings.horizons, predictor.times
    blended = predictor.blend(encoded)
    cumulative = predictor.recalibration.apply(blended)
    same = members.encoder.encode(rows)
    risks = {MODEL: curves.risks(horizons, times, cumulative)}
    risks |= {name: curves.risks(horizons, members.times, one(same)) for name, one in members.member_curves.items()}
    return Answered(split, rows, outcome_of(rows), risks, curves.risks(horizons, times, blended), cumulative)


def reliability_at(
    params: EvaluateParams, predictor: SurvivalPredictor, target: np.ndarray, risks: np.ndarray, year: float
) -> Reliability:
    """Of risks `(N, H)` by the horizon of that year."""
    risk = risks[:, predictor.settings.horizons.index(year)]
    groups, confidence = params.calibration_groups, params.confidence
    return reliability(target, risk, horizon=year, groups=groups, confidence=confidence)
