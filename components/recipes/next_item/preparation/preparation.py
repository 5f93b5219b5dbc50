"""Who chose what and when: raw events to prepared splits."""

from components.core.job import Meta
from components.recipes.next_item.params.params import NextItemJob
from components.recipes.next_item.preparation.prepare import prepare_interactions


def prepare(job: NextItemJob) -> Meta:
    return prepare_interactions(job.paths.raw(job.case), job.paths.prepared(job.case), job.case, job.params)
