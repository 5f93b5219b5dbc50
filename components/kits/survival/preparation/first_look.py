"""A first look at the columns that were named for a cohort's times: what a person has named by mistake."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.kits.survival.cohort import CohortParams
from components.kits.survival.preparation.outcome import numbers_of
from components.kits.tables.encoding.convert import as_floats, convert
from components.kits.tables.encoding.derive import evaluate
from components.kits.tables.encoding.text import as_text
from components.kits.tables.infer import MISSING

WITH_UNIT = re.compile(r"[-+]?\d[\d.,]*\s*([^\W\d_]+)\.?")
MOST = 0.5  # of the cells


def check_time(cells: pd.Series, event: np.ndarray, time: str, path: Path) -> None:
    """Refuse cells (N,) of a time that is known of rows with the event alone, or that has its unit in each cell.

    Raises:
        CasebookError: it is such.
    """
    text = pd.Series(as_text(cells, MISSING).to_pandas(), dtype="object")
    known, censored = text.notna().to_numpy(), event == 0
    if censored.any() and known[event == 1].any() and not known[censored].any():
        raise CasebookError(
            f"{path}: column {time} (the time): none of the {censored.sum()} rows without the event has a value, such "
            f"as row {int(censored.argmax()) + 1}: they were observed for some time, too. Put that of the event "
            "and, of the others, that of the last observation (days_to_death, else days_to_last_follow_up) into one"
        )
    units = text[known].map(lambda one: found[1] if (found := WITH_UNIT.fullmatch(str(one).strip())) else None)
    if known.any() and not pd.api.types.is_timedelta64_dtype(cells) and units.notna().mean() > MOST:
        first = int(units.notna().to_numpy().argmax())
        raise CasebookError(
            f"{path}: column {time} (the time): {int(units.notna().sum())} value(s) have a unit behind the number, "
            f"such as {text[known].iloc[first]!r} in row {int(units.index[first]) + 1}; leave the numbers alone in the "
            f"column, and say with --unit what they count, such as --unit {str(units.mode()[0]).lower()}"
        )


def check_entry_of(entry: str | None, columns: dict[str, Any], *, dated: bool, path: Path) -> None:
    """Refuse a date as the time of entry where the time itself is a number.

    Raises:
        CasebookError: it is such.
    """
    if entry is not None and not dated and columns.get(entry, {}).get("kind") == "date":
        raise CasebookError(
            f"{path}: column {entry} (the entry) has dates, and --time counts from time zero: give --start-date and "
            "--end-date in place of --time, or a column of how long after time zero each row came under observation"
        )


def check_order(block: dict[str, Any], frame: pd.DataFrame, dates: tuple[str, str], path: Path) -> None:
    """Refuse two dates of which the end mostly lies before the start.

    Raises:
        CasebookError: it does.
    """
    spec = CohortParams.model_validate(block)
    typed = convert(frame, numbers_of(spec.target), spec.missing).frame
    days = evaluate(spec.target.time, {str(name): as_floats(typed[name]) for name in typed})
    early, known = days < 0, int((~np.isnan(days)).sum())
    if early.sum() > MOST * known:
        start, end = dates
        raise CasebookError(
            f"{path}: in {early.sum()} of {known} rows {end} (--end-date) lies before {start} (--start-date), such as "
            f"in row {int(early.argmax()) + 1}: are they changed over? --start-date {end} --end-date {start}"
        )
