"""Columns that tell the outcome of rows whose times end with one of several causes."""

from pathlib import Path

import numpy as np
import pandas as pd

from components.kits.survival.cohort import EVENT
from components.kits.survival.preparation.leaks.event import tells_event
from components.kits.survival.preparation.leaks.find import find_leaks
from components.kits.survival.preparation.leaks.found import Leak, refuse
from components.recipes.competing_risks.params.cohort import CausesParams


def check_leaks(train: pd.DataFrame, years: np.ndarray, spec: CausesParams, groups: np.ndarray | None) -> None:
    """Refuse columns of typed rows (N,) that tell times (N,), or events of any cause, beyond doubt, and ask of those
    that likely do; then the same of each cause.

    Raises:
        CasebookError: there are some.
    """
    cause = train[EVENT].to_numpy()
    leaks = find_leaks(train, years, (cause > 0).astype(np.int64), spec, groups)
    refuse(leaks or _of_causes(train, years, cause, spec), Path(spec.file).name)


def _of_causes(train: pd.DataFrame, years: np.ndarray, cause: np.ndarray, spec: CausesParams) -> list[Leak]:
    """A column may tell the cause of those alone who had an event: a ward, a treatment that came with it."""
    found: dict[str, Leak] = {}
    had = cause > 0
    for number, name in enumerate(spec.target.names, 1):
        for column, block in spec.columns.items():
            for rows in (np.ones(len(cause), dtype=bool), had):
                own = (cause[rows] == number).astype(np.int64)
                leak = tells_event(column, train.loc[rows, column].reset_index(drop=True), block.kind, own, years[rows])
                if leak is not None and (leak.sure or column not in spec.known):
                    why = leak.why.replace("the event", f"the cause {name}")
                    found.setdefault(column, Leak((column,), leak.sure, why))
    return list(found.values())
