"""When rows came under observation, where that was not at time zero."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.kits.survival.at_risk import FEWEST_AT_RISK, at_risk
from components.kits.survival.cohort import TIME, CohortParams, Outcome, outcome_of
from components.kits.survival.preparation.outcome import units_of
from components.kits.tables.encoding.convert import as_floats
from components.kits.tables.encoding.derive import evaluate

FEWEST_ROWS = 30  # with a value: of fewer chance says too little
MOST_ABOVE = 0.005  # share of the rows that have an entry at or above their time, by mistake
FEWEST_BY_CHANCE = 10.0
FEWER = 0.5  # times as many as by chance: else nothing says that rows are seen from then on only


def read_entry(
    columns: Mapping[str, pd.Series], outcome: Outcome, time: pd.Series, units: float, file: Path
) -> pd.Series:
    """Years (N,) until entry, of the typed columns of an outcome; where it says nothing of entries all are at 0.

    `units` of the file's time are one of `time` (N,). NaN where a column has no value.

    Raises:
        CasebookError: somebody entered before time zero, or not before their observation ended.
    """
    if outcome.entry is None:
        return pd.Series(np.zeros(len(time)), index=time.index)
    entry = evaluate(outcome.entry, {name: as_floats(values) for name, values in columns.items()}) / units
    _refuse(entry < 0, outcome, file, "lie before time zero")
    _refuse(entry >= time.to_numpy(), outcome, file, "do not lie before the end of observation")
    return pd.Series(entry, index=time.index)


def check_at_risk(train: pd.DataFrame, unit: str, file: str) -> None:
    """Enough training rows were under observation at each event that came before most had entered: else one event
    would empty the risk set, and Cox's baseline and every curve that counts from time zero would fall to 0.
    """
    target = outcome_of(train)
    if target.shape[1] == 2:
        return
    time, event, entry = target.T
    steps, place = np.unique(time, return_inverse=True)
    risk, events = at_risk(steps, time, entry), np.bincount(place, weights=event)
    early = steps[(steps < steps[risk.argmax()]) & (events > 0) & (risk < FEWEST_AT_RISK)]
    if len(early):
        raise CasebookError(
            f"{file}: at {len(early)} event(s), such as at {early[0]:.3g} {unit}, fewer than {FEWEST_AT_RISK} training "
            "rows were under observation, as others had not entered yet: survival from time zero on cannot be told; "
            "leave rows that end before most have entered out of the file, or count time from a later moment"
        )


def _refuse(wrong: np.ndarray, outcome: Outcome, file: Path, what: str) -> None:
    if wrong.any():
        first = int(wrong.argmax())
        raise CasebookError(
            f"{file}: column {outcome.entry} (the entry): {wrong.sum()} value(s) {what}, such as in row {first + 1}; "
            f"entry and {outcome.time} count from the same time zero: correct them, or prepare.target.entry"
        )


def entry_like(rows: pd.DataFrame, spec: CohortParams) -> list[str]:
    """Columns of numbers that no row has above its time, where chance would put many there: of rows (N,) as prepared.

    Whoever is seen only from a moment on has none after it; nothing else known at time zero ends with a follow-up.
    """
    if spec.target.entry is not None:
        return []
    time = np.sort(rows[TIME].to_numpy() * units_of(spec.target, spec))
    found = []
    for name, column in spec.columns.items():
        if column.kind not in ("numeric", "amount") or name in spec.known:
            continue
        values = as_floats(rows[name])
        there = ~np.isnan(values)
        if there.sum() < FEWEST_ROWS or (values[there] < 0).any():
            continue
        above = there & (values >= rows[TIME].to_numpy() * units_of(spec.target, spec))
        chance = np.searchsorted(time, values[there], side="right").sum() / len(time)  # rows, if it were any of them
        most = min(MOST_ABOVE * there.sum(), FEWER * chance)
        if above.sum() <= most and chance >= FEWEST_BY_CHANCE:
            said = f"{above.sum()} of {there.sum()} rows have it at or above their time, {chance:.0f} would by chance"
            found.append(f"{name} ({said})")
    return found


def check_entry_like(rows: pd.DataFrame, spec: CohortParams) -> None:
    """Ask of a column that looks like the time from which rows were observed.

    Raises:
        CasebookError: there is one.
    """
    if found := entry_like(rows, spec):
        raise CasebookError(f"{Path(spec.file).name}: {question_of(found)}")


def question_of(found: list[str]) -> str:
    name = found[0].split(" (")[0]
    return (
        f"column {'; '.join(found)}: it lies below the time of its row. If rows are seen from then on only, say "
        f"prepare.target.entry: {name} (casebook new --entry {name}): they are no evidence of survival before. If it "
        f"came after time zero, move it to prepare.ignore (--ignore {name}); if it is known at time zero, say so with "
        f"prepare.known: [{name}]"
    )
