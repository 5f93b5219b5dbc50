"""What a bundle answers by, chosen on rows that no member has learned from: blend, calibration; and typical rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from components.core.bundle import Manifest
from components.core.job import PREPARED_FILES, TRAIN, Meta
from components.kits.tables.encoding.spec import TARGET
from components.kits.tables.learning.blocks import CalibratedParams
from components.kits.tables.learning.classes import class_kinds
from components.kits.tables.learning.comparing import blend_or_best, without_least
from components.kits.tables.learning.crossfit import CrossFitted
from components.kits.tables.learning.members import graphs_of, members_of
from components.kits.tables.typical import typical_values
from components.recipes.multiclass.metrics.blend import mix, mixing_weights
from components.recipes.multiclass.metrics.calibration import choose_calibrator
from components.recipes.multiclass.metrics.calibrator import Calibrator
from components.recipes.multiclass.metrics.rows import row_losses
from components.recipes.multiclass.params import ClassesJob, classes_of
from components.recipes.multiclass.serving.predictor import ClassSettings

PREDICTOR = "multiclass.serving.predictor"


@dataclass(frozen=True)
class Chosen:
    """Each member's weight, and the calibration."""

    weights: dict[str, float]
    calibrator: Calibrator


def choose(job: ClassesJob, target: np.ndarray, scores: Mapping[str, np.ndarray]) -> Chosen:
    """Weights for held-out scores `(N, C)` by member first, then one map."""
    params, stacked = job.model.blend, _stacked(scores)
    return _calibrated(job, target, scores, weigh(target, stacked, params))


def choose_cross_fitted(job: ClassesJob, found: CrossFitted) -> Chosen:
    """The same for few rows, where the best member answers alone if it surely beats the blend."""
    params = job.model.blend.model_copy(update={"shrinkage": job.model.few.shrinkage})
    weighing = partial(weigh, params=params)
    stacked = _stacked(found.scores)
    weights = blend_or_best(found.target, stacked, weighing, found.parts, mix=mix, losses=row_losses, in_doubt="blend")
    return _calibrated(job, found.target, found.scores, weights)


def weigh(target: np.ndarray, scores: np.ndarray, params: CalibratedParams) -> np.ndarray:
    """Weights (M,) of scores (N, C, M); a member of next to none has none."""
    return without_least(mixing_weights(target, scores, shrinkage=params.shrinkage), params.min_weight)


def _calibrated(job: ClassesJob, target: np.ndarray, scores: Mapping[str, np.ndarray], weights: np.ndarray) -> Chosen:
    params, mixed = job.model.blend, mix(_stacked(scores), weights)
    choice = choose_calibrator(
        params.calibrators, target, mixed, folds=params.calibration_folds, seed=job.params.fit.seed
    )
    return Chosen({name: float(weight) for name, weight in zip(scores, weights, strict=True)}, choice.calibrator)


def _stacked(scores: Mapping[str, np.ndarray]) -> np.ndarray:
    """Scores (N, C) of M members to (N, C, M)."""
    return np.stack(list(scores.values()), axis=-1)


def manifest(job: ClassesJob, chosen: Chosen) -> Manifest:
    params = job.model
    settings = ClassSettings(
        members=members_of(chosen.weights, class_kinds(params.lightgbm.seeds)),
        calibrator=chosen.calibrator.to_json(),
        references=_references(job),
        reasons=params.serving.reasons,
    )
    return Manifest.of(job.case, PREDICTOR, graphs_of(settings.members), settings)


def _references(job: ClassesJob) -> list[dict[str, Any]]:
    """For each class a typical training row of the others; a reason is what sets a row of the class apart from it."""
    prepared = job.paths.prepared(job.case)
    train, data = pd.read_parquet(prepared / PREPARED_FILES[TRAIN]), Meta.read(prepared).data
    others = (train[train[TARGET] != place] for place in range(len(classes_of(data))))
    return [typical_values(rows, list(data["spec"]["columns"])) for rows in others]
