"""A raw cohort, checked: its typed rows with times and events, and which rows were set aside."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.kits.survival.cohort import ENTRY, EVENT, TIME, CohortParams, Outcome
from components.kits.survival.preparation.entry import read_entry
from components.kits.survival.preparation.intervals import one_row_each
from components.kits.survival.preparation.outcome import Reader, numbers_of, read_outcome, units_of
from components.kits.tables.checks import check_columns, check_infinite, check_keys
from components.kits.tables.encoding.convert import convert
from components.kits.tables.encoding.encode import TableEncoder
from components.kits.tables.forgotten import without_forgotten
from components.kits.tables.numbers.trained import Expected, frame_as_expected
from components.kits.tables.read import read_table
from components.kits.tables.schema import Rejections, check_share, find_rejections
from components.kits.tables.spelling import Spellings, one_spelling
from components.kits.tables.write import (
    key_columns,
    split_by,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cohort:
    """A file's rows: as they are, the outcome among the typed ones, and which were set aside.

    `rows` have the key, the typed columns, `time` in the block's unit and `event`; `by` is what they are split by.
    `spellings` say how classes are written, where those that differ in case, blanks or width are one.
    """

    raw: pd.DataFrame
    rows: pd.DataFrame
    by: pd.Series
    rejections: Rejections
    spellings: Spellings


def read_cohort(
    file: Path,
    outcome: Outcome,
    spec: CohortParams,
    spellings: Spellings | None = None,
    *,
    read: Reader = read_outcome,
) -> Cohort:
    """A checked cohort file; `outcome` says how this one writes its times and events, `spellings` how another one
    wrote its classes, where this one is to be read as that one. Rows of several intervals are one.
    """
    with_entry = spec.target.entry is not None
    spec = spec.model_copy(update={"target": outcome})
    frame = read_table(file, spec.read)
    check_columns(frame, spec, file)
    frame = frame_as_expected(file, frame, Expected.of_block(spec, numbers_of(outcome)), spec.read)
    frame = without_forgotten(frame, spec)
    if spec.intervals is not None:
        frame = one_row_each(frame, spec, file, read)
    check_keys(frame, spec, file)
    time, event, typed_outcome = read(frame, outcome, spec, file)
    typed, spellings = one_spelling(convert(frame, spec.columns, spec.missing), spec, spellings)
    check_infinite(frame, typed, file)
    rejections = find_rejections(frame, typed, typed_outcome, spec)
    check_share(rejections, len(frame), spec, file)
    kept = frame.index.difference(rejections.reasons.index)
    known = pd.DataFrame({TIME: time[kept], EVENT: event[kept].astype(np.int8)})
    if with_entry:
        known[ENTRY] = read_entry(typed_outcome, outcome, time, units_of(outcome, spec), file)[kept]
    rows = pd.concat([key_columns(frame, spec).loc[kept], typed.frame.loc[kept], known], axis=1)
    by = split_by(frame, typed.frame, event, spec).loc[kept]
    return Cohort(frame, rows.reset_index(drop=True), by, rejections, spellings)


def check_known(rows: pd.DataFrame, encoder: TableEncoder, file: Path) -> None:
    """An external cohort has no classes that training has not: a model would have to guess what they mean."""
    for feature in encoder.categorical:
        values = rows[feature.name].dropna()
        strange = values[~values.isin([*feature.classes, *feature.rare])]
        if len(strange):
            raise CasebookError(
                f"{file}: column {feature.name}: {len(strange)} row(s) are of classes that the training rows do not "
                f"have, such as {str(strange.iloc[0])!r} (they have {', '.join(feature.classes)}); "
                "write them as the other file does, or put the column under prepare.ignore"
            )
