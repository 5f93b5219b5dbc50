"""Credit applications: raw rows to prepared splits."""

from components.core.job import Meta
from components.recipes.binary.params import BinaryJob
from components.recipes.binary.preparation.prepare import prepare_table


def prepare(job: BinaryJob) -> Meta:
    return prepare_table(job.paths.raw(job.case), job.paths.prepared(job.case), job.case, job.params)
