"""Rows that are stretches of one follow-up: start, stop and event, several of a person."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.kits.survival.cohort import CohortParams
from components.kits.survival.preparation.entry import read_entry
from components.kits.survival.preparation.outcome import Reader, read_outcome, units_of
from components.kits.tables.encoding.derive import names_in
from components.kits.tables.encoding.text import as_name

log = logging.getLogger(__name__)

MOSTLY = 0.95  # of those with several rows
FEWEST = 10  # with several rows
TOUCH = 1e-9  # of the time: so far apart may be two that are one


def one_row_each(frame: pd.DataFrame, spec: CohortParams, file: Path, read: Reader = read_outcome) -> pd.DataFrame:
    """Rows of one value of `spec.intervals` as one row: what was known at its first start, from then to its last stop.

    A prognosis is asked for when a person comes under observation; what changed later was not known then.

    Raises:
        CasebookError: of somebody the intervals overlap or leave a gap, or the event is not in the last of them.
    """
    assert spec.intervals is not None
    if spec.intervals not in frame:
        raise CasebookError(f"{file}: no column {spec.intervals!r} (prepare.intervals), which says whose a row is")
    outcome, whose = spec.target, as_name(frame[spec.intervals])
    time, event, typed = read(frame, outcome, spec, file)
    entry = read_entry(typed, outcome, time, units_of(outcome, spec), file)
    if (unknown := whose.isna() | time.isna() | event.isna() | entry.isna()).any():
        raise CasebookError(
            f"{file}: row {int(unknown.to_numpy().argmax()) + 1}: no {spec.intervals}, time or event: rows are "
            "intervals of one follow-up (prepare.intervals), so each needs its own; fill them in, or delete the row"
        )
    order = pd.DataFrame({"whose": whose, "time": time, "event": event, "entry": entry}).sort_values(["whose", "time"])
    same = (order["whose"] == order["whose"].shift()).to_numpy()
    since = order["time"].shift().to_numpy()
    if outcome.entry is None:  # each begins where the one before ended
        _refuse(same & (order["time"].to_numpy() <= since), order, spec, file, "end at one time")
    else:
        apart = order["entry"].to_numpy() - since
        _refuse(same & (apart < -TOUCH * since), order, spec, file, "overlap")
        _refuse(
            same & (apart > TOUCH * since), order, spec, file, "leave a gap, in which an event would not have been seen"
        )
    early = (same & (order["event"].shift() > 0)).astype(bool)
    _refuse(early, order, spec, file, "go on after the event: only the time to the first can be learned")
    first, last = order.index[~same], order.index[~np.append(same[1:], False)]
    columns = names_in(outcome.time) | outcome.event_columns
    found = frame.loc[first].reset_index(drop=True)
    for name in sorted(columns - names_in(outcome.entry or "0")):
        found[name] = frame.loc[last, name].to_numpy()
    changing = [name for name in spec.columns if (frame.groupby(whose)[name].nunique(dropna=False) > 1).any()]
    log.warning(
        "%d rows are the intervals of %d values of %s: one row each, with what is known at its first start%s",
        len(frame), len(found), spec.intervals,
        f" (later values of {', '.join(changing)} are not used)" if changing else "",
    )  # fmt: skip
    return found


def look_like_intervals(whose: pd.Series, time: np.ndarray, event: np.ndarray) -> bool:
    """Of nearly everybody with several rows (N,) the times rise in the file's order, and an event ends the last."""
    rows = pd.DataFrame({"whose": as_name(whose).to_numpy(), "time": time, "event": event}).dropna()
    rows = rows[rows["whose"].duplicated(keep=False)]
    groups = rows.groupby("whose", sort=False)
    if groups.ngroups < FEWEST:
        return False
    rises = groups["time"].agg(lambda times: bool((np.diff(times) > 0).all()))
    last = groups["event"].agg(lambda events: bool((events.to_numpy()[:-1] == 0).all()))
    return bool(rises.mean() >= MOSTLY and last.mean() >= MOSTLY)


def _refuse(wrong: np.ndarray, order: pd.DataFrame, spec: CohortParams, file: Path, what: str) -> None:
    wrong = np.asarray(wrong)
    if wrong.any():
        place = int(wrong.argmax())
        name, rows = order["whose"].iloc[place], sorted(order.index[place - 1 : place + 1] + 1)
        raise CasebookError(
            f"{file}: intervals of {wrong.sum()} row(s) {what}, such as those of {spec.intervals} {name} in rows "
            f"{rows[0]} and {rows[1]}; correct them, delete what comes after, or take prepare.intervals out where each "
            "row is an observation of its own"
        )
