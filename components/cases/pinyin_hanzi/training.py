"""One fit of a labeller of syllables: its clauses, its learner, what it watches."""

from components.cases.pinyin_hanzi.network import make_data, make_learner
from components.cases.pinyin_hanzi.params import PRIMARY, ConversionJob
from components.datamodules.syllables import SyllableData
from components.learners.syllable_labels import SyllableLearner
from components.recipe import Training


def data_of(job: ConversionJob) -> SyllableData:
    return make_data(job, job.model)


def everything(job: ConversionJob) -> SyllableData:
    return make_data(job, job.model, whole=True)


def learner_of(job: ConversionJob, data: SyllableData) -> SyllableLearner:
    return make_learner(job, data, job.model)


TRAINING = Training(data_of, learner_of, monitor=f"val/{PRIMARY}", mode="max")
