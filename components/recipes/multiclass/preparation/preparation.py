"""A raw table to training, validation and test rows, and all that their readers need to know of them."""

from components.core.job import Meta
from components.kits.tables.outcome.classes import SeveralClasses
from components.recipes.multiclass.params import ClassesJob
from components.recipes.shared.preparing import prepare_table


def prepare(job: ClassesJob) -> Meta:
    """As `prepare_table`: `target` is int8, the place of the row's class among `target.values`.

    Raises:
        CasebookError: the params, the file, its columns or too many of its rows are wrong.
    """
    return prepare_table(job, SeveralClasses(job.prepare))
