"""One fit of a labeller of syllables: its clauses, its learner, what it watches."""

from components.core.parts import Training
from components.recipes.conversion.params.params import PRIMARY, ConversionJob
from components.recipes.conversion.training.data import SyllableData
from components.recipes.conversion.training.learner import SyllableLearner
from components.recipes.conversion.training.network import make_data, make_learner


def data_of(job: ConversionJob) -> SyllableData:
    return make_data(job, job.model)


def everything(job: ConversionJob) -> SyllableData:
    return make_data(job, job.model, whole=True)


def learner_of(job: ConversionJob, data: SyllableData) -> SyllableLearner:
    return make_learner(job, data, job.model)


TRAINING = Training(data_of, learner_of, monitor=f"val/{PRIMARY}", mode="max")
