"""A person taken out of what this checkout serves and keeps, by the key of the rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from components.core.errors import CasebookError
from components.core.forgotten import FORGOTTEN, digest_of
from components.core.job import Job
from components.core.recipe import recipe_of
from components.kits.tables.encoding.text import as_name
from components.monitoring.log import forget_key
from pipelines.leaving.folders import held
from pipelines.leaving.params import add_forgotten


@dataclass(frozen=True)
class Gone:
    """Rows taken out of the log, and whether params did not have the person's digest before."""

    rows: int
    is_new: bool


def forget(root: Path, job: Job, values: Sequence[str]) -> Gone:
    """Take the rows with this key out of the log of predictions, and have `prepare` and `predict` leave them out.

    Done twice it changes nothing; cut off, the same call goes on.

    Raises:
        CasebookError: rows of the case have no key, the key has another number of columns, or a run is under way.
    """
    columns = key_of(job)
    if len(values) != len(columns):
        raise CasebookError(
            f"{job.case}: a key has {len(columns)} value(s), {', '.join(columns)}, and {len(values)} were given; "
            "give --key once for each, in this order"
        )
    key = as_name(pd.Series(list(values), dtype=object)).fillna("").tolist()
    with held(root, job.case):
        is_new = add_forgotten(root, job.case, digest_of(key))
        return Gone(forget_key(root, job.case, columns, key, as_name=as_name), is_new)


def key_of(job: Job) -> list[str]:
    """The raw columns that name whose a row is.

    Raises:
        CasebookError: there are none.
    """
    watch = recipe_of(job).watch
    unit = watch.unit(job)
    columns = list(watch.key(job)) or ([unit] if unit is not None else [])
    if not hasattr(job.prepare, FORGOTTEN) or not columns:
        raise CasebookError(
            f"{job.case}: nothing says whose a row is; write the columns that do into prepare.key, or remove the rows "
            f"from the source, and the log in state/predictions/{job.case}"
        )
    return columns
