"""What a case learns by where its params leave that open (`auto`): the number itself, or its logarithm.

Nothing in a target's shape tells which is better, so both are tried on the training rows.
"""

import logging
from functools import lru_cache
from pathlib import Path

import numpy as np
from sklearn.linear_model import RidgeCV

from components.core.job import PREPARED_FILES, TRAIN, Meta
from components.kits.tables.encoding.encode import TableEncoder
from components.kits.tables.learning.blocks import SplineParams
from components.kits.tables.learning.boosting import GradientBoosting
from components.kits.tables.learning.comparing import beats
from components.kits.tables.learning.cut import cut_numbers
from components.kits.tables.learning.data import Rows, read_rows
from components.kits.tables.learning.splines import spline_design
from components.recipes.regression.metrics.losses import Units
from components.recipes.regression.params import Kind, LossParams, RegressionJob

log = logging.getLogger(__name__)

ROWS, FOLDS, SEED = 3_000, 4, 0  # that are tried at most
TREES = {"n_estimators": 200, "learning_rate": 0.05, "num_leaves": 12, "min_child_samples": 5, "colsample_bytree": 0.6}
RIDGE = SplineParams(leave_out=(), knots=5)
ALPHAS = (0.3, 3.0, 30.0)


def loss_of(job: RegressionJob) -> LossParams:
    """The loss of a case; where that is `auto`, the one that answers training rows better that were left out."""
    asked = job.model.loss
    if asked.kind != "auto":
        return LossParams(kind=asked.kind, power=asked.power)
    prepared = job.paths.prepared(job.case)
    facts = (prepared / PREPARED_FILES[TRAIN]).stat()
    return LossParams(kind=_tried(prepared, (facts.st_mtime_ns, facts.st_size)), power=asked.power)


@lru_cache(maxsize=16)
def _tried(prepared: Path, _state: tuple[int, int]) -> Kind:
    """Squares, unless those of logarithms are surely better, by the mean of a ridge regression and of LightGBM."""
    encoder = TableEncoder.from_json(Meta.read(prepared).data["encoder"])
    rows = read_rows(prepared, encoder, TRAIN, dtype=np.float64)
    if rows.target.min() < 0:
        return "squared"
    if len(rows.target) > ROWS:
        rows = rows.take(np.sort(np.random.default_rng(SEED).choice(len(rows.target), ROWS, replace=False)))
    plain, logs = (left_out_errors(kind, rows, encoder) for kind in ("squared", "log"))
    better = beats(logs, plain)
    told = ("the logarithm" if better else "the number itself", np.sqrt(plain.mean()), np.sqrt(logs.mean()))
    log.info("model.loss.kind auto: learned is %s; RMSE of training rows left out %.4g, by logarithms %.4g", *told)
    return "log" if better else "squared"


def left_out_errors(kind: Kind, rows: Rows, encoder: TableEncoder) -> np.ndarray:
    """The squared errors (N,) of rows that were left out, in the target's units, of answers that are right in all."""
    units = Units.of(LossParams(kind=kind, power=1.5), rows.target, (None, None))
    value = np.empty(len(rows.target))
    for fitting, rest in cut_numbers(rows.target, None, FOLDS, SEED):
        known = Rows(rows.encoded.take(fitting), units.learned(rows.target[fitting])).known(encoder)
        unseen = rows.encoded.take(rest)
        design = spline_design(RIDGE, encoder)
        ridge = RidgeCV(ALPHAS).fit(design.fit(known[0], known[1], known[3]), known[2])
        trees = GradientBoosting(seeds=1, settings=TREES, classes=None).fit(*known)
        line = ridge.predict(design.rows(unseen.numeric, unseen.categorical))
        boosted = trees.predict(unseen.numeric, unseen.categorical)
        value[rest] = (units.told(line) + units.told(boosted)) / 2
    return np.asarray((value * rows.target.mean() / value.mean() - rows.target) ** 2)
