"""Credit applications: raw rows to prepared splits."""

from components.cases.finance_risk.params import BinaryJob
from components.contracts import Meta
from components.preparation.table.prepare import prepare_table


def prepare(job: BinaryJob) -> Meta:
    return prepare_table(job.paths.raw(job.case), job.paths.prepared(job.case), job.case, job.params)
