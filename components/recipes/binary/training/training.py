"""One fit of a two-class table: its data, its learner, what it watches."""

from components.core.parts import Training
from components.recipes.binary.params import BinaryJob
from components.recipes.binary.training.data import TableData
from components.recipes.binary.training.learner import BinaryLearner
from components.recipes.binary.training.network import make_learner


def data_of(job: BinaryJob) -> TableData:
    return TableData(job.paths.prepared(job.case), job.params.fit)


def learner_of(job: BinaryJob, data: TableData) -> BinaryLearner:
    return make_learner(job, data, job.model.network)


TRAINING = Training(data_of, learner_of, monitor="val/loss", mode="min")
