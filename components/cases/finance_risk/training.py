"""One fit of a two-class table: its data, its learner, what it watches."""

from components.cases.finance_risk.network import make_learner
from components.cases.finance_risk.params import BinaryJob
from components.datamodules.table import TableData
from components.learners.binary import BinaryLearner
from components.recipe import Training


def data_of(job: BinaryJob) -> TableData:
    return TableData(job.paths.prepared(job.case), job.params.fit)


def learner_of(job: BinaryJob, data: TableData) -> BinaryLearner:
    return make_learner(job, data, job.model.network)


TRAINING = Training(data_of, learner_of, monitor="val/loss", mode="min")
