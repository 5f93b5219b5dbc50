"""One fit of a sequence model: its events, its learner, what it watches."""

from components.core.parts import Training
from components.recipes.next_item.params.params import PRIMARY, NextItemJob
from components.recipes.next_item.training.data import SequenceData
from components.recipes.next_item.training.learner import NextItemLearner
from components.recipes.next_item.training.network import make_learner


def make_data(job: NextItemJob, *, whole: bool) -> SequenceData:
    """The training events, or with `whole` those of the validation too."""
    params, prepared = job.model, job.paths.prepared(job.case)
    window, next_items = params.network.window, params.loss.next_items
    return SequenceData(prepared, job.params.fit, params.tokens, window=window, next_items=next_items, whole=whole)


def data_of(job: NextItemJob) -> SequenceData:
    return make_data(job, whole=False)


def everything(job: NextItemJob) -> SequenceData:
    return make_data(job, whole=True)


def learner_of(job: NextItemJob, data: SequenceData) -> NextItemLearner:
    return make_learner(job, data, job.model)


TRAINING = Training(data_of, learner_of, monitor=f"val/{PRIMARY}", mode="max")
