"""One fit of a table with a number for a target: its data, its learner, what it watches."""

import numpy as np
import pandas as pd

from components.core.job import PREPARED_FILES, TRAIN, Meta
from components.core.parts import Training
from components.kits.tables.encoding.spec import TARGET
from components.kits.tables.learning.data import Rows, TableData
from components.kits.tables.learning.few import make_data
from components.kits.tables.learning.network import make_network
from components.recipes.regression.metrics.losses import Units
from components.recipes.regression.params import RegressionJob
from components.recipes.regression.training.learner import NumberLearner
from components.recipes.regression.training.loss import loss_of


def units_of(job: RegressionJob) -> Units:
    """The scale on which members learn: that of the training rows, whichever rows they learn from."""
    path = job.paths.prepared(job.case) / PREPARED_FILES[TRAIN]
    target = pd.read_parquet(path, columns=[TARGET])[TARGET].to_numpy(np.float64)
    return Units.of(loss_of(job), target, bounds_of(job))


def bounds_of(job: RegressionJob) -> tuple[float | None, float | None]:
    """What a target can be, by the block."""
    target = Meta.read(job.paths.prepared(job.case)).data["spec"]["target"]
    return target["min"], target["max"]


def data_of(job: RegressionJob) -> TableData:
    return learned(job, make_data(job, whole=False, dtype=np.float64))


def everything(job: RegressionJob) -> TableData:
    return learned(job, make_data(job, whole=True, dtype=np.float64))


def learned(job: RegressionJob, data: TableData) -> TableData:
    """The same rows with their targets as members learn them."""
    units, (train, held_out) = units_of(job), data.parts
    data.parts = (scaled(train, units), scaled(held_out, units))
    return data


def scaled(rows: Rows, units: Units) -> Rows:
    return Rows(rows.encoded, units.learned(rows.target))


def learner_of(job: RegressionJob, data: TableData) -> NumberLearner:
    return NumberLearner(make_network(data, job.model.network, outputs=1), job.params.fit, loss_of(job))


TRAINING = Training(data_of, learner_of, monitor="val/loss", mode="min")
