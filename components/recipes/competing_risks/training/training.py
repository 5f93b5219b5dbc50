"""One fit of a cohort with several causes: its data, its learner, what it watches."""

from components.core.job import Meta
from components.core.parts import Training
from components.kits.survival.training.data import CohortData
from components.kits.survival.training.network import make_network
from components.recipes.competing_risks.params.params import CausesJob
from components.recipes.competing_risks.training.learner import CausesLearner


def make_data(job: CausesJob, *, whole: bool) -> CohortData:
    """The training patients, or with `whole` those of the validation too."""
    prepared, intervals = job.paths.prepared(job.case), job.model.network.intervals
    return CohortData(prepared, job.params.fit, intervals=intervals, whole=whole, causes=len(causes_of(job)))


def causes_of(job: CausesJob) -> tuple[str, ...]:
    """Their names, that of interest first."""
    causes = Meta.read(job.paths.prepared(job.case)).data["spec"]["target"]["causes"]
    return tuple(one["name"] for one in causes)


def data_of(job: CausesJob) -> CohortData:
    return make_data(job, whole=False)


def learner_of(job: CausesJob, data: CohortData) -> CausesLearner:
    """A learner whose sizes come from the data."""
    params = job.model.network
    network = make_network(data.parts[0], data.encoder.sizes, params, time_varying=params.time_varying)
    return CausesLearner(network, job.params.fit)


TRAINING = Training(data_of, learner_of, monitor="val/loss", mode="min")
