"""What a bundle answers by, chosen on rows that no member has learned from: blend, calibration, threshold, bands."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from components.core.bundle import Manifest
from components.core.job import PREPARED_FILES, TRAIN, Meta
from components.core.results import LEARNER
from components.evaluation.bands import band_edges
from components.kits.tables.encoding.spec import TARGET
from components.kits.tables.typical import typical_values
from components.recipes.binary.assembly.crossfit import CrossFitted
from components.recipes.binary.assembly.members import LIGHTGBM, LOGISTIC
from components.recipes.binary.metrics.blend import blend_or_best, mix, mixing_weights
from components.recipes.binary.metrics.calibration import choose_calibrator
from components.recipes.binary.metrics.calibrator import Calibrator
from components.recipes.binary.metrics.metrics import best_f1_threshold
from components.recipes.binary.params import BinaryJob, BlendParams, ModelParams
from components.recipes.binary.serving.predictor import Member, TableSettings

PREDICTOR = "table.predictor"


@dataclass(frozen=True)
class Chosen:
    """Each member's weight, the calibration, and the calibrated scores (N,) of the rows that they were chosen on."""

    weights: dict[str, float]
    calibrator: Calibrator
    target: np.ndarray
    score: np.ndarray


def choose(job: BinaryJob, params: ModelParams, target: np.ndarray, scores: Mapping[str, np.ndarray]) -> Chosen:
    """Weights for held-out scores `(N,)` by member first, then one map."""
    columns = np.column_stack(list(scores.values()))
    return _calibrated(job, params.blend, target, scores, weigh(target, columns, params.blend), surely=False)


def choose_cross_fitted(job: BinaryJob, found: CrossFitted) -> Chosen:
    """The same for few rows, where a blend must surely beat its best member, and a calibration none."""
    params = job.model.blend.model_copy(update={"shrinkage": job.model.few.shrinkage})
    columns = np.column_stack(list(found.scores.values()))
    weights = blend_or_best(found.target, columns, partial(weigh, params=params), found.parts)
    return _calibrated(job, params, found.target, found.scores, weights, surely=True)


def weigh(target: np.ndarray, scores: np.ndarray, params: BlendParams) -> np.ndarray:
    """Weights (M,) of scores (N, M); a member of next to none has none."""
    weights = mixing_weights(target, scores, shrinkage=params.shrinkage)
    weights = np.where(weights < params.min_weight, 0.0, weights)
    weights /= weights.sum()
    return weights


def _calibrated(
    job: BinaryJob,
    params: BlendParams,
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


def make_settings(job: BinaryJob, params: ModelParams, chosen: Chosen) -> TableSettings:
    kinds = {
        LEARNER: ("network", (LEARNER,)),
        LOGISTIC: ("additive", (LOGISTIC,)),
        LIGHTGBM: ("trees", tuple(f"{LIGHTGBM}-{seed}" for seed in range(params.lightgbm.seeds))),
    }
    return TableSettings(
        members=[
            Member(name=name, kind=kinds[name][0], files=kinds[name][1], weight=weight)
            for name, weight in chosen.weights.items()
        ],
        calibrator=chosen.calibrator.to_json(),
        threshold=best_f1_threshold(chosen.target, chosen.score),
        decisions=params.serving.decisions,
        bands=band_edges(chosen.score, params.serving.bands).tolist(),
        reference=_reference(job),
        reasons=params.serving.reasons,
    )


def make_manifest(job: BinaryJob, settings: TableSettings) -> Manifest:
    used = [member for member in settings.members if member.kind != "additive"]
    return Manifest.of(job.case, PREDICTOR, [file for member in used for file in member.files], settings)


def _reference(job: BinaryJob) -> dict[str, object]:
    """A typical training row of the negative class; a reason is what sets a declined row apart from it."""
    prepared = job.paths.prepared(job.case)
    train = pd.read_parquet(prepared / PREPARED_FILES[TRAIN])
    columns = list(Meta.read(prepared).data["spec"]["columns"])
    return typical_values(train[train[TARGET] == 0], columns)
