"""A raw table to training, validation and test rows, and all that their readers need to know of them."""

from components.core.job import Meta
from components.kits.tables.outcome.two import TwoClasses
from components.recipes.binary.params import BinaryJob
from components.recipes.shared.preparing import prepare_table


def prepare(job: BinaryJob) -> Meta:
    """As `prepare_table`: `target` is int8, 1 for the positive label.

    Raises:
        CasebookError: the params, the file, its columns or too many of its rows are wrong.
    """
    return prepare_table(job, TwoClasses(job.prepare))
