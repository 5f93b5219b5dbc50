"""What a bundle answers by, chosen on rows that no member has learned from: blend, calibration, threshold, bands."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from components.core.bundle import Manifest
from components.core.job import PREPARED_FILES, TRAIN, Meta
from components.evaluation.bands import band_edges
from components.kits.tables.encoding.spec import TARGET
from components.kits.tables.learning.blocks import CalibratedParams
from components.kits.tables.learning.classes import class_kinds
from components.kits.tables.learning.comparing import blend_or_best, without_least
from components.kits.tables.learning.crossfit import CrossFitted
from components.kits.tables.learning.members import graphs_of, members_of
from components.kits.tables.typical import typical_values
from components.recipes.binary.metrics.blend import mix, mixing_weights
from components.recipes.binary.metrics.calibration import choose_calibrator
from components.recipes.binary.metrics.calibrator import Calibrator
from components.recipes.binary.metrics.metrics import best_f1_threshold
from components.recipes.binary.metrics.rows import row_losses
from components.recipes.binary.params import BinaryJob
from components.recipes.binary.serving.predictor import TableSettings

PREDICTOR = "table.predictor"


@dataclass(frozen=True)
class Chosen:
    """Each member's weight, the calibration, and the calibrated scores (N,) of the rows that they were chosen on."""

    weights: dict[str, float]
    calibrator: Calibrator
    target: np.ndarray
    score: np.ndarray


def choose(job: BinaryJob, target: np.ndarray, scores: Mapping[str, np.ndarray]) -> Chosen:
    """Weights for held-out scores `(N,)` by member first, then one map."""
    columns, params = np.column_stack(list(scores.values())), job.model.blend
    return _calibrated(job, params, target, scores, weigh(target, columns, params), surely=False)


def choose_cross_fitted(job: BinaryJob, found: CrossFitted) -> Chosen:
    """The same for few rows, where a blend must surely beat its best member, and a calibration none."""
    params = job.model.blend.model_copy(update={"shrinkage": job.model.few.shrinkage})
    columns = np.column_stack(list(found.scores.values()))
    weighing = partial(weigh, params=params)
    weights = blend_or_best(found.target, columns, weighing, found.parts, mix=mix, losses=row_losses, in_doubt="best")
    return _calibrated(job, params, found.target, found.scores, weights, surely=True)


def weigh(target: np.ndarray, scores: np.ndarray, params: CalibratedParams) -> np.ndarray:
    """Weights (M,) of scores (N, M); a member of next to none has none."""
    return without_least(mixing_weights(target, scores, shrinkage=params.shrinkage), params.min_weight)


def _calibrated(
    job: BinaryJob,
    params: CalibratedParams,
    target: np.ndarray,
    scores: Mapping[str, np.ndarray],
    weights: np.ndarray,
    *,
    surely: bool,
) -> Chosen:
    mixed = mix(np.column_stack(list(scores.values())), weights)
    folds, seed = params.calibration_folds, job.params.fit.seed
    choice = choose_calibrator(params.calibrators, target, mixed, folds=folds, seed=seed, surely=surely)
    named = {name: float(weight) for name, weight in zip(scores, weights, strict=True)}
    return Chosen(named, choice.calibrator, target, choice.calibrator.apply(mixed))


def make_settings(job: BinaryJob, chosen: Chosen) -> TableSettings:
    params = job.model
    return TableSettings(
        members=members_of(chosen.weights, class_kinds(params.lightgbm.seeds)),
        calibrator=chosen.calibrator.to_json(),
        threshold=best_f1_threshold(chosen.target, chosen.score),
        decisions=params.serving.decisions,
        bands=band_edges(chosen.score, params.serving.bands).tolist(),
        reference=_reference(job),
        reasons=params.serving.reasons,
    )


def manifest(job: BinaryJob, chosen: Chosen) -> Manifest:
    settings = make_settings(job, chosen)
    return Manifest.of(job.case, PREDICTOR, graphs_of(settings.members), settings)


def _reference(job: BinaryJob) -> dict[str, object]:
    """A typical training row of the negative class; a reason is what sets a declined row apart from it."""
    prepared = job.paths.prepared(job.case)
    train = pd.read_parquet(prepared / PREPARED_FILES[TRAIN])
    columns = list(Meta.read(prepared).data["spec"]["columns"])
    return typical_values(train[train[TARGET] == 0], columns)
