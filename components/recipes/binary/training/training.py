"""One fit of a two-class table: its data, its learner, what it watches."""

import numpy as np

from components.core.parts import Training
from components.kits.tables.learning.data import TableData
from components.kits.tables.learning.few import make_data
from components.kits.tables.learning.network import make_network
from components.recipes.binary.params import BinaryJob
from components.recipes.binary.training.learner import BinaryLearner


def data_of(job: BinaryJob) -> TableData:
    return make_data(job, whole=False, dtype=np.int8)


def everything(job: BinaryJob) -> TableData:
    return make_data(job, whole=True, dtype=np.int8)


def learner_of(job: BinaryJob, data: TableData) -> BinaryLearner:
    return BinaryLearner(make_network(data, job.model.network, outputs=1), job.params.fit)


TRAINING = Training(data_of, learner_of, monitor="val/loss", mode="min")
