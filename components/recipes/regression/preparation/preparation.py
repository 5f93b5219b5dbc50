"""A raw table with a number for a target to prepared rows."""

from components.core.job import Meta
from components.kits.tables.outcome.number import Number
from components.recipes.regression.params import RegressionJob
from components.recipes.shared.preparing import prepare_table


def prepare(job: RegressionJob) -> Meta:
    """See `prepare_table`; `target` is the number, float64.

    Raises:
        CasebookError: the params, the file, its columns or too many of its rows are wrong.
    """
    return prepare_table(job, Number(job.prepare))
