"""Checks of a raw table as a whole: its columns, its classes, its numbers, its keys."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from components.core.errors import CasebookError, suggested
from components.kits.tables.encoding.convert import Typed
from components.kits.tables.encoding.spec import DateColumn, FeatureParams, TableParams
from components.kits.tables.encoding.text import as_label, as_text
from components.kits.tables.encoding.values import infinite

log = logging.getLogger(__name__)

SHOWN = 5


def check_columns(frame: pd.DataFrame, spec: FeatureParams, file: Path) -> None:
    """Every column the spec names for use is there; ignored ones may be gone."""
    split_by = getattr(spec.split, "column", None)
    needed = dict.fromkeys([*spec.outcome, *spec.key, *spec.columns, *([split_by] if split_by else [])])
    absent = [name for name in needed if name not in frame.columns]
    if not absent:
        _tell_of_centuries(spec, file)
        return
    others = [name for name in frame.columns if name not in needed]
    raise CasebookError(
        f"{file}: {len(absent)} column(s) of params.yaml are missing: {suggested(absent, others)}; "
        "correct the file or the names under prepare"
    )


def _tell_of_centuries(spec: FeatureParams, file: Path) -> None:
    for name, column in spec.columns.items():
        if isinstance(column, DateColumn) and column.latest is None and "%y" in "".join(column.formats):
            log.warning(
                "%s: column %s: its years of two digits are taken for 1969 to 2068; if they end earlier, such as those "
                "of births, say in prepare.columns.%s.latest with which",
                file, name, name,
            )  # fmt: skip


def check_classes(target: np.ndarray, spec: TableParams, place: str) -> None:
    """Both classes occur among 0s and 1s (N,); `place` begins the message."""
    positives, rows = int(target.sum()), len(target)
    if positives in (0, rows):
        only = spec.target.negative if positives == 0 else spec.target.positive
        raise CasebookError(
            f"{place}: column {spec.target.column} (the target) is {only!r} in all {rows} row(s); "
            f"both {spec.target.positive!r} and {spec.target.negative!r} are needed to learn"
        )


def check_infinite(frame: pd.DataFrame, typed: Typed, file: Path) -> None:
    problems = []
    for name, values in typed.frame.select_dtypes("float64").items():
        where = np.flatnonzero(infinite(values.to_numpy()))
        if len(where):
            first = frame[name].iloc[where[0]]
            problems.append(f"{name}: {len(where)} infinite value(s), the first in row {where[0] + 1}: {str(first)!r}")
    if problems:
        raise CasebookError(f"{file}: column {'; column '.join(problems)}; correct them or leave the cells empty")


def check_keys(frame: pd.DataFrame, spec: FeatureParams, file: Path) -> None:
    """No two rows have the same key."""
    if not spec.key:
        return
    keys = key_texts(frame, spec)
    repeated = keys[keys.duplicated(keep=False) & keys.notna().all(axis=1)]
    if len(repeated):
        example = repeated.iloc[0]
        rows = [str(row + 1) for row in repeated.index[(repeated == example).all(axis=1)]]
        raise CasebookError(
            f"{file}: key {', '.join(spec.key)}: {len(repeated.drop_duplicates())} key(s) stand in more than one row, "
            f"such as {' / '.join(example)!r} in rows {', '.join(rows[:SHOWN])}; remove the repeats, or name in "
            "prepare.key the columns that together identify a row"
        )


def key_texts(frame: pd.DataFrame, spec: FeatureParams) -> pd.DataFrame:
    return pd.DataFrame({name: as_label(as_text(frame[name], ())).to_pandas() for name in spec.key}, dtype="str")
