"""A cohort of patients, and the one it is validated on: raw rows to prepared splits."""

from components.core.job import Meta
from components.recipes.survival.params.params import SurvivalJob
from components.recipes.survival.preparation.cohort import prepare_cohort


def prepare(job: SurvivalJob) -> Meta:
    return prepare_cohort(job.paths.raw(job.case), job.paths.prepared(job.case), job.case, job.params)
