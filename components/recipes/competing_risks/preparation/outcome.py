"""The outcome of rows whose times end with one of several causes: times, and which cause, by number."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.kits.survival.cohort import CohortParams
from components.kits.survival.preparation.events import folded, listed, written_cells
from components.kits.survival.preparation.outcome import read_outcome
from components.recipes.competing_risks.params.cohort import CausesOutcome

log = logging.getLogger(__name__)


def read_causes(
    frame: pd.DataFrame, outcome: CausesOutcome, spec: CohortParams, file: Path
) -> tuple[pd.Series, pd.Series, dict[str, pd.Series]]:
    """As `read_outcome`, with 1.0, 2.0, ... for the causes in the block's order, 0.0 where there was no event.

    Raises:
        CasebookError: as that; or the value of a row with an event stands for none of the causes. An event whose cause
            has no value is left to the schema.
    """
    time, event, typed = read_outcome(frame, outcome.of_any, spec, file)
    column = outcome.cause_column
    numbers = {folded(value): place for place, one in enumerate(outcome.causes, 1) for value in one.values}
    cells = written_cells(frame[column], spec.missing, [value for one in outcome.causes for value in one.values])
    known = cells.map(folded, na_action="ignore").map(numbers).to_numpy(np.float64)
    had = event.to_numpy() == 1
    if (strange := had & cells.notna().to_numpy() & np.isnan(known)).any():
        raise CasebookError(
            f"{file}: column {column} (the cause): {int(strange.sum())} row(s) with an event have values that stand "
            f"for no cause: {listed(cells[strange].value_counts())}; name each under prepare.target.causes, or empty "
            "the cells of rows that are to be left out"
        )
    cause = pd.Series(np.where(had, known, event))
    return time, cause, {**typed, column: cause}  # who had no event needs no cause


def tell_causes(cause: np.ndarray, spec: CohortParams) -> str:
    """How many rows (N,) end with each cause."""
    assert isinstance(spec.target, CausesOutcome)
    counts = [f"{name} {int((cause == place).sum()):,}" for place, name in enumerate(spec.target.names, 1)]
    told = f"causes: {', '.join(counts)}; {int((cause == 0).sum()):,} of {len(cause):,} row(s) are censored"
    log.info("%s", told)
    return told
