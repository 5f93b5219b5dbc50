"""A first look at a cohort by the block that was guessed for it: columns that tell the outcome."""

import logging
import shlex
from pathlib import Path
from typing import Any

import numpy as np

from components.core.errors import CasebookError
from components.kits.survival.cohort import EVENT, TIME, CohortParams
from components.kits.survival.preparation.cohort import read_cohort
from components.kits.survival.preparation.entry import entry_like, question_of
from components.kits.survival.preparation.leaks.find import find_leaks
from components.kits.survival.units import PER_YEAR

log = logging.getLogger(__name__)


def tell_leaks(block: dict[str, Any], path: Path) -> None:
    """Say what `prepare` will refuse, or ask. A file that it cannot read is its to speak of."""
    spec = CohortParams.model_validate(block)
    try:
        rows = read_cohort(path, spec.target, spec).rows
    except CasebookError:
        return
    years = rows[TIME].to_numpy() / PER_YEAR[spec.unit]
    leaks = find_leaks(rows, years, rows[EVENT].to_numpy(np.int64), spec)
    sure = {name for leak in leaks if leak.sure for name in leak.to_leave_out}
    # The time in a longer unit lies below the time, too, and is no entry.
    left = {name: column for name, column in spec.columns.items() if name not in sure}
    if found := entry_like(rows, spec.model_copy(update={"columns": left})):
        log.warning("%s; `casebook run` will ask about it", question_of(found))
    for leak in leaks:
        options = " ".join(f"--ignore {shlex.quote(name)}" for name in leak.to_leave_out)
        does = "refuse it" if leak.sure else "ask about it"
        log.warning("%s; `casebook run` will %s, and %s leaves it out", leak.told(), does, options)
