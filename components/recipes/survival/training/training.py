"""One fit of a cohort: its data, its learner, what it watches."""

from components.core.parts import Training
from components.recipes.survival.params.params import SurvivalJob
from components.recipes.survival.training.data import CohortData
from components.recipes.survival.training.learner import SurvivalLearner
from components.recipes.survival.training.network import make_learner


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
