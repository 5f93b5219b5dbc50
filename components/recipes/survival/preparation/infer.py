"""A `prepare` block for a cohort that nobody has described."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.kits.tables.hints import NO_HINTS, Hints
from components.kits.tables.infer import MISSING, infer_table
from components.kits.tables.kinds import Numbers
from components.kits.tables.labels import column_of
from components.kits.tables.numbers.columns import find_writing
from components.kits.tables.numbers.decide import NOT_STATED, Stated
from components.kits.tables.read import read_table

log = logging.getLogger(__name__)

LEAST_BEYOND = 0.1  # share of rows that are observed beyond a horizon


def infer_cohort(
    path: Path,
    time: str,
    event: str,
    per_year: float,
    encode: dict[str, Any],
    numbers: Stated = NOT_STATED,
    hints: Hints = NO_HINTS,
    *,
    group: str | bool = True,
) -> dict[str, Any]:
    """The whole `prepare` block, of plain types, for a CSV or Parquet file with a time and an event column.

    The other columns are taken for what `infer_table` takes them for, and rows stay together as it says;
    `encode` is the block's own. There is no external cohort.

    Raises:
        CasebookError: as `infer_table`, the event being its target; or the time is not there or the event itself.
    """
    column_of(read_table(path, hints.reading), time, path)
    if time == event:
        raise CasebookError(f"{path}: --time and --event both name {time!r}; an event has a column of its own")
    found = infer_table(path, event, None, numbers=numbers, hints=hints, group=group, hindsight=False)
    columns = {name: column for name, column in found["columns"].items() if name != time}
    ignore = {name: reason for name, reason in found["ignore"].items() if name != time}
    if not columns:
        raise CasebookError(f"{path}: no column is left to learn {time} and {event} from")
    del found["max_leak_auc"]
    return {
        **found,
        "key": [name for name in found["key"] if name != time],
        "target": {"time": _quoted(time), "event": _quoted(event), "per_year": per_year},
        "external": None,
        "columns": columns,
        "ignore": ignore,
        "encode": {**encode, "min_count": found["encode"]["min_count"], "fold": True},
        "max_leak_correlation": 0.95,
    }


def reached(
    path: Path,
    time: str,
    per_year: float,
    horizons: Sequence[float],
    numbers: Stated = NOT_STATED,
    hints: Hints = NO_HINTS,
) -> list[float]:
    """Those of `horizons` beyond which a tenth of the rows is observed.

    Raises:
        CasebookError: fewer than two are.
    """
    frame = read_table(path, hints.reading)
    cells = column_of(frame, time, path)
    writing = find_writing(path, frame.drop(columns=[*hints.ignore]), MISSING, numbers, hints.reading)
    years = pd.Series(Numbers.of(time, cells, MISSING, writing).values()).dropna().to_numpy() / per_year
    kept = [year for year in horizons if len(years) and np.mean(years > year) >= LEAST_BEYOND]
    if len(kept) < 2:
        longest = f"the longest is {years.max():.2f}" if len(years) else "none is a number"
        raise CasebookError(
            f"{path}: column {time}: too few rows are observed beyond {horizons[0]:g} and {horizons[1]:g} years "
            f"({longest}); say with --per-year how many of its units a year has"
        )
    if len(kept) < len(horizons):
        log.info("horizons: %s years; too few rows are observed for longer", ", ".join(f"{year:g}" for year in kept))
    return kept


def _quoted(name: str) -> str:
    return name if name.isidentifier() else f"`{name}`"
