"""Who chose what and when: raw events to prepared splits."""

from components.contracts import Job, Meta
from components.preparation.interactions.prepare import prepare_interactions


def prepare(job: Job) -> Meta:
    return prepare_interactions(job.paths.raw(job.case), job.paths.prepared(job.case), job.case, job.params)
