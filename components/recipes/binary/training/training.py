"""One fit of a two-class table: its data, its learner, what it watches."""

from components.core.job import TRAIN, VALIDATION, Meta
from components.core.parts import Training
from components.recipes.binary.params import BinaryJob
from components.recipes.binary.training.data import TableData
from components.recipes.binary.training.learner import BinaryLearner
from components.recipes.binary.training.network import make_learner


def make_data(job: BinaryJob, *, whole: bool) -> TableData:
    """The training rows, or with `whole` those of the validation too; few rows come in smaller batches."""
    params = job.params.fit
    if has_few_rows(job):
        params = params.model_copy(update={"batch_size": min(params.batch_size, job.model.few.batch_size)})
    return TableData(job.paths.prepared(job.case), params, whole=whole)


def has_few_rows(job: BinaryJob) -> bool:
    """Whether the validation rows are too few to choose on, so that what is chosen rests on cross-fitted answers."""
    rows = Meta.read(job.paths.prepared(job.case)).rows
    return rows[TRAIN] + rows[VALIDATION] < job.model.few.rows


def data_of(job: BinaryJob) -> TableData:
    return make_data(job, whole=False)


def everything(job: BinaryJob) -> TableData:
    return make_data(job, whole=True)


def learner_of(job: BinaryJob, data: TableData) -> BinaryLearner:
    return make_learner(job, data, job.model.network)


TRAINING = Training(data_of, learner_of, monitor="val/loss", mode="min")
