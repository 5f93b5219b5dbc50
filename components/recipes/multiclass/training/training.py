"""One fit of a table of several classes: its data, its learner, what it watches."""

import numpy as np

from components.core.job import Meta
from components.core.parts import Training
from components.kits.tables.learning.data import TableData
from components.kits.tables.learning.few import make_data
from components.kits.tables.learning.network import make_network
from components.recipes.multiclass.params import ClassesJob, classes_of
from components.recipes.multiclass.training.learner import ClassLearner


def data_of(job: ClassesJob) -> TableData:
    return make_data(job, whole=False, dtype=np.int8)


def everything(job: ClassesJob) -> TableData:
    return make_data(job, whole=True, dtype=np.int8)


def learner_of(job: ClassesJob, data: TableData) -> ClassLearner:
    classes = classes_of(Meta.read(data.prepared).data)
    return ClassLearner(make_network(data, job.model.network, outputs=len(classes)), job.params.fit)


TRAINING = Training(data_of, learner_of, monitor="val/loss", mode="min")
