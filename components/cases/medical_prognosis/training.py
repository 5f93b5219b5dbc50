"""One fit of a cohort: its data, its learner, what it watches."""

from components.cases.medical_prognosis.network import make_learner
from components.cases.medical_prognosis.params import SurvivalJob
from components.datamodules.cohort import CohortData
from components.learners.survival import SurvivalLearner
from components.recipe import Training


def make_data(job: SurvivalJob, *, whole: bool) -> CohortData:
    """The training patients, or with `whole` those of the validation too."""
    intervals = job.model.network.intervals
    return CohortData(job.paths.prepared(job.case), job.params.fit, intervals=intervals, whole=whole)


def data_of(job: SurvivalJob) -> CohortData:
    return make_data(job, whole=False)


def everything(job: SurvivalJob) -> CohortData:
    return make_data(job, whole=True)


def learner_of(job: SurvivalJob, data: CohortData) -> SurvivalLearner:
    return make_learner(job, data, job.model.network)


TRAINING = Training(data_of, learner_of, monitor="val/loss", mode="min")
