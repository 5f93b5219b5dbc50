"""Who chose what and when: raw events to prepared splits."""

from components.cases.recommender.params import NextItemJob
from components.contracts import Meta
from components.preparation.interactions.prepare import prepare_interactions


def prepare(job: NextItemJob) -> Meta:
    return prepare_interactions(job.paths.raw(job.case), job.paths.prepared(job.case), job.case, job.params)
