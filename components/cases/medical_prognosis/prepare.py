"""A cohort of patients, and the one it is validated on: raw rows to prepared splits."""

from components.cases.medical_prognosis.params import SurvivalJob
from components.contracts import Meta
from components.preparation.table.cohort import prepare_cohort


def prepare(job: SurvivalJob) -> Meta:
    return prepare_cohort(job.paths.raw(job.case), job.paths.prepared(job.case), job.case, job.params)
