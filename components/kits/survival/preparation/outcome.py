"""The outcome of a cohort's rows: years until the event or the end of observation, and which of the two."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.kits.survival.cohort import CohortParams, Outcome
from components.kits.survival.preparation.events import Events, read_events
from components.kits.survival.units import PER_YEAR
from components.kits.tables.encoding.convert import Typed, as_floats, convert
from components.kits.tables.encoding.derive import evaluate
from components.kits.tables.encoding.spec import Column, NumericColumn
from components.kits.tables.encoding.values import UNREADABLE, infinite

log = logging.getLogger(__name__)

# Of raw rows times (N,) and how each ended (N,): 0.0 without an event, else 1.0, or of several kinds 1.0, 2.0, ...; NaN
# where unknown; and the typed columns that they come from.
Reader = Callable[[pd.DataFrame, Any, CohortParams, Path], tuple[pd.Series, pd.Series, dict[str, pd.Series]]]


def read_outcome(
    frame: pd.DataFrame, outcome: Outcome, spec: CohortParams, file: Path
) -> tuple[pd.Series, pd.Series, dict[str, pd.Series]]:
    """Years (N,) and events (N,) of 0.0 and 1.0, NaN where unknown, and the typed columns they come from.

    Raises:
        CasebookError: a cell is no number, or of the event no yes or no; a time is negative or
            infinite; an event is neither 0 nor 1. Cells without a value are left to the schema.
    """
    columns = numbers_of(outcome)
    converted = convert(frame, columns, spec.missing)
    _check_readable(frame, converted, columns, file)
    events = _read_events(frame, outcome, spec, file)
    typed = {name: converted.frame[name] for name in columns} | {name: one.known for name, one in events.items()}
    numbers = {name: as_floats(typed[name]) for name in typed}
    time, event = evaluate(outcome.time, numbers), evaluate(outcome.event, numbers)
    _refuse(time, (time < 0) | infinite(time), "negative or infinite", outcome.time, file)
    _refuse(event, ~np.isnan(event) & (event != 0) & (event != 1), "neither 0 nor 1", outcome.event, file)
    return pd.Series(time / units_of(outcome, spec)), pd.Series(event), typed


def tell_events(cohort: pd.DataFrame, event: np.ndarray, spec: CohortParams, file: Path) -> str:
    """Which value of a raw cohort's event is the event, of how many rows; or, of arithmetic, how many events (N,)."""
    outcome = spec.target
    events = _read_events(cohort, outcome, spec, file)
    single = outcome.event.strip().strip("`")
    if single in events:
        told = events[single].told(single)
    else:
        told = f"event {outcome.event}: {int(event.sum()):,} of {len(event):,} row(s) have it, the others are censored"
    log.info("%s", told)
    return told


def numbers_of(outcome: Outcome) -> dict[str, Column]:
    """The columns of the time, and of the entry."""
    numbers = dict.fromkeys(sorted(outcome.time_columns), NumericColumn(kind="numeric", min=None, max=None))
    return {**numbers, **outcome.dates}


def units_of(outcome: Outcome, spec: CohortParams) -> float:
    """How many units of the file's time one of the cohort's has."""
    return outcome.per_year / PER_YEAR[spec.unit]


def _read_events(frame: pd.DataFrame, outcome: Outcome, spec: CohortParams, file: Path) -> dict[str, Events]:
    return {
        name: read_events(
            frame[name],
            name,
            outcome.event_value,
            outcome.censored_value,
            spec.missing,
            f"{file}: column {name} (of the outcome):",
        )
        for name in sorted(outcome.event_columns)
    }


def _check_readable(frame: pd.DataFrame, typed: Typed, columns: dict[str, Column], file: Path) -> None:
    for name, broken in typed.unreadable.items():
        if broken.any():
            first = int(broken.argmax())
            raise CasebookError(
                f"{file}: column {name} (of the outcome): {broken.sum()} value(s) are "
                f"{UNREADABLE[columns[name].kind]}, such as {str(frame[name].iloc[first])!r} in row {first + 1}; "
                "correct them, or set prepare.target"
            )


def _refuse(values: np.ndarray, wrong: np.ndarray, what: str, expression: str, file: Path) -> None:
    if wrong.any():
        first = int(wrong.argmax())
        raise CasebookError(
            f"{file}: column {expression} (of the outcome): {wrong.sum()} value(s) are {what}, such as "
            f"{values[first]:g} in row {first + 1}; correct them, or set prepare.target"
        )
