"""A cohort's columns against its outcome: what tells it in other words, or was written after time zero.

Figures decide, never a name. Nothing honest orders the times of events, or tells who has the event, next to without an
error: a concordance of .85 is a very good predictor.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from components.kits.survival.cohort import CohortParams
from components.kits.survival.preparation.leaks.arithmetic import tells_together
from components.kits.survival.preparation.leaks.clock import tells_time
from components.kits.survival.preparation.leaks.event import tells_event
from components.kits.survival.preparation.leaks.found import Leak, refuse
from components.kits.survival.preparation.leaks.together import tells_among_others
from components.kits.tables.look import sample


def check_leaks(
    train: pd.DataFrame, time: np.ndarray, event: np.ndarray, spec: CohortParams, groups: np.ndarray | None = None
) -> None:
    """Refuse columns that tell the outcome beyond doubt, and ask of those that likely do.

    Raises:
        CasebookError: there are some.
    """
    refuse(find_leaks(train, time, event, spec, groups), Path(spec.file).name)


def find_leaks(
    train: pd.DataFrame, time: np.ndarray, event: np.ndarray, spec: CohortParams, groups: np.ndarray | None = None
) -> list[Leak]:
    """Of typed rows (N,) with times (N,) in years and events (N,) of 0 and 1; `groups` (N,) are of rows that belong
    together. At most 5,000 rows are looked at.
    """
    rows = sample(event.astype(np.int64))
    train, time, event = train.iloc[rows].reset_index(drop=True), time[rows], event[rows].astype(np.int64)
    groups = None if groups is None else groups[rows]
    alone = _alone(train, time, event, spec)
    guilty = {leak.columns[0]: leak.sure for leak in alone}
    left = {name: column for name, column in spec.columns.items() if not guilty.get(name)}
    pairs = [leak for leak in tells_together(train, left, time, event) if _is_said(leak, guilty, spec)]
    certain = {name for leak in pairs if leak.sure for name in leak.to_leave_out}
    leaks = [leak for leak in alone if leak.sure or leak.columns[0] not in certain] + pairs
    return leaks or tells_among_others(train, time, event, spec, groups)


def _is_said(leak: Leak, guilty: Mapping[str, bool], spec: CohortParams) -> bool:
    """A pair that is not sure is not said again of columns that are asked about alone, or that are known."""
    return leak.sure or not ({*leak.columns} & {*guilty} or {*leak.to_leave_out} <= {*spec.known})


def _alone(train: pd.DataFrame, time: np.ndarray, event: np.ndarray, spec: CohortParams) -> list[Leak]:
    leaks = []
    for name, column in spec.columns.items():
        found = [
            tells_event(name, train[name], column.kind, event, time),
            tells_time(name, train[name], column.kind, time, event),
        ]
        said = [leak for leak in found if leak is not None and (leak.sure or name not in spec.known)]
        leaks += sorted(said, key=lambda leak: not leak.sure)[:1]
    return leaks
