"""One fit of a cohort: its data, its learner, what it watches."""

from components.core.parts import Training
from components.kits.survival.training.data import CohortData
from components.kits.survival.training.network import make_network
from components.recipes.survival.params.params import SurvivalJob
from components.recipes.survival.training.learner import SurvivalLearner


def make_data(job: SurvivalJob, *, whole: bool) -> CohortData:
    """The training patients, or with `whole` those of the validation too."""
    intervals = job.model.network.intervals
    return CohortData(job.paths.prepared(job.case), job.params.fit, intervals=intervals, whole=whole)


def data_of(job: SurvivalJob) -> CohortData:
    return make_data(job, whole=False)


def everything(job: SurvivalJob) -> CohortData:
    return make_data(job, whole=True)


def learner_of(job: SurvivalJob, data: CohortData) -> SurvivalLearner:
    """A learner whose sizes come from the data."""
    params = job.model.network
    varying = 0.0 if params.objective == "cox" else params.time_varying
    network = make_network(data.parts[0], data.encoder.sizes, params, time_varying=varying)
    return SurvivalLearner(network, params.objective, job.params.fit)


TRAINING = Training(data_of, learner_of, monitor="val/loss", mode="min")
