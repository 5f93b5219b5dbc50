"""Credit applications: raw rows to prepared splits."""

from components.contracts import Job, Meta
from components.preparation.table.prepare import prepare_table


def prepare(job: Job) -> Meta:
    return prepare_table(job.paths.raw(job.case), job.paths.prepared(job.case), job.case, job.params)
