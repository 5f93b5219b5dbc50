"""A `prepare` block for a cohort that nobody has described."""

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.kits.survival.preparation.course import PLAIN, Course, as_intervals, target_of
from components.kits.survival.preparation.enough import check_events
from components.kits.survival.preparation.events import Events, check_not_reversed, read_events
from components.kits.survival.preparation.first_look import check_entry_of, check_order, check_time
from components.kits.survival.preparation.leaks.look import tell_leaks
from components.kits.tables.hints import NO_HINTS, Hints
from components.kits.tables.infer import MISSING, infer_table
from components.kits.tables.labels import column_of
from components.kits.tables.numbers.decide import NOT_STATED, Stated
from components.kits.tables.owners import find_owner
from components.kits.tables.read import read_table

log = logging.getLogger(__name__)


def infer_cohort(
    path: Path,
    time: str | None,
    event: str,
    per_year: float,
    encode: dict[str, Any],
    numbers: Stated = NOT_STATED,
    hints: Hints = NO_HINTS,
    *,
    group: str | bool = True,
    event_value: Sequence[str] = (),
    censored_value: Sequence[str] = (),
    course: Course = PLAIN,
) -> dict[str, Any]:
    """The whole `prepare` block, of plain types, for a CSV or Parquet file with a time and an event column.

    The other columns are taken for what `infer_table` takes them for, and rows stay together as it says;
    `encode` is the block's own. There is no external cohort. `event_value` and `censored_value` are as in the block's
    target, `course` says what else is known of the times; without a `time` it has two dates. What tells the outcome is
    told; `prepare` refuses it, or asks.

    Raises:
        CasebookError: as `infer_table`, the event being its target; the time is not there or the event itself; it
            cannot be known which value is the event, or too few rows have it.
    """
    frame = read_table(path, hints.reading)
    own = course.columns if time is None else (time, *course.columns)
    for name in own:
        column_of(frame, name, path)
    if event in own:
        raise CasebookError(f"{path}: --time and --event both name {event!r}; an event has a column of its own")
    events = _events(path, column_of(frame, event, path), event, hints, event_value, censored_value)
    if time is not None:
        check_time(frame[time], events.event, time, path)
    said = {"event_value": event_value, "censored_value": censored_value}
    infer = partial(
        infer_table,
        path,
        event,
        None,
        numbers=numbers,
        hints=hints,
        hindsight=False,
        as_truth=lambda _: events.known.map({True: "1", False: "0"}).astype(object),
    )
    found = infer(group=group)
    check_entry_of(course.entry, found["columns"], dated=course.dates is not None, path=path)
    if group is True and found["split"]["by"] == "stratified":
        columns = {name: column for name, column in found["columns"].items() if name not in own}
        if owner := find_owner(frame, columns):
            log.info("rows of one %s belong together: %s; --no-group deals each row", owner.name, owner.because)
            found = infer(group=owner.name)
    columns = {name: column for name, column in found["columns"].items() if name not in own}
    ignore = {name: reason for name, reason in found["ignore"].items() if name not in own}
    if not columns:
        raise CasebookError(f"{path}: no column is left to learn {time or ' and '.join(own)} and {event} from")
    del found["max_leak_auc"]
    block = {
        **found,
        "key": [name for name in found["key"] if name not in own],
        "target": target_of(course, time, event, per_year, found["columns"], path)
        | {key: [*values] for key, values in said.items() if values},
        **({} if (unit := course.unit_of_answers()) == "years" else {"unit": unit}),
        "external": None,
        "columns": columns,
        "ignore": ignore,
        "encode": {**encode, "min_count": found["encode"]["min_count"], "fold": True},
    }
    if course.dates is not None:
        check_order(block, frame, course.dates, path)
    block = as_intervals(block, frame, events.event, path, asked=course.intervals, guessed=not isinstance(group, str))
    tell_leaks(block, path)
    return block


def _events(
    path: Path, cells: pd.Series, event: str, hints: Hints, values: Sequence[str], censored: Sequence[str]
) -> Events:
    """The event of each row, once it is known which value that is and that there are enough of them."""
    place = f"{path}: column {event} (the event):"
    events = read_events(cells, event, values, censored, hints.no_value(event, MISSING), place)
    if not values:
        check_not_reversed(events, event, place)
    log.info("%s", events.told(event))
    check_events(events.event[~np.isnan(events.event)], event, str(path))
    return events
