"""A raw cohort, and another one beside it, to training, validation, test and external rows."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from components.core.blocks import read_block
from components.core.errors import CasebookError
from components.core.files import whole_folder
from components.core.job import EXTERNAL, PREPARED_FILES, TRAIN, Meta, read_origin
from components.core.params.case import CaseParams
from components.kits.tables.checks import check_columns, check_infinite, check_keys
from components.kits.tables.encoding.convert import convert
from components.kits.tables.encoding.encode import TableEncoder, fit_encoder
from components.kits.tables.encoding.spec import ROW
from components.kits.tables.read import read_table
from components.kits.tables.schema import Rejections, check_share, find_rejections
from components.kits.tables.split import split_rows
from components.kits.tables.suspects import check_identifiers
from components.kits.tables.write import (
    key_columns,
    rejected_rows,
    split_by,
    summarise,
    write_rows,
)
from components.recipes.survival.params.cohort import EVENT, TIME, CohortParams, Outcome
from components.recipes.survival.preparation.outcome import check_events, check_time_leaks, read_outcome

log = logging.getLogger(__name__)

REJECTED = "rejected.parquet"


@dataclass(frozen=True)
class Cohort:
    """A file's rows: as they are, the outcome among the typed ones, and which were set aside.

    `rows` have the key, the typed columns, `time` in years and `event`; `by` is what they are split by.
    """

    raw: pd.DataFrame
    rows: pd.DataFrame
    by: pd.Series
    rejections: Rejections


def prepare_cohort(raw: Path, out: Path, case: str, params: CaseParams) -> Meta:
    """Check the raw folder's cohort, split it, fit its encoder on the training rows and write `out` whole.

    `out` is what `prepare_table` leaves, with `time` (float64, years) and `event` (int8, 0 or 1) for
    a target, and, if the block names an external cohort, `external.parquet` and `rejected-external.parquet`.
    That cohort goes through the same checks and conversions; nothing is fitted on it.

    Raises:
        CasebookError: the params, a file, its columns or too many of its rows are wrong.
    """
    spec = read_block(CohortParams, params.prepare, f"params.cases.{case}.prepare")
    source = read_origin(raw)
    cohort = read_cohort(raw / spec.file, spec.target, spec)
    event = cohort.rows[EVENT].to_numpy()
    check_identifiers(cohort.rows, spec)
    splits = split_rows(cohort.by, event, spec)
    train = cohort.rows.iloc[splits[TRAIN]]
    check_time_leaks(train, train[TIME].to_numpy(), train[EVENT].to_numpy(), spec)
    encoder = fit_encoder(train, spec)
    frames = {PREPARED_FILES[name]: cohort.rows.iloc[index] for name, index in splits.items()}
    frames[REJECTED] = rejected_rows(cohort.raw, cohort.rejections)
    rows = {name: len(index) for name, index in splits.items()} | {"rejected": len(cohort.rejections.reasons)}
    if spec.external is not None:
        external = read_cohort(raw / spec.external.file, spec.external.target, spec)
        check_known(external.rows, encoder, raw / spec.external.file)
        frames[PREPARED_FILES[EXTERNAL]] = external.rows
        frames[f"rejected-{PREPARED_FILES[EXTERNAL]}"] = rejected_rows(external.raw, external.rejections)
        rows |= {EXTERNAL: len(external.rows), "rejected external": len(external.rejections.reasons)}
    data = {
        "spec": spec.model_dump(mode="json"),
        "key": list(spec.key) or [ROW],
        "encoder": encoder.to_json(),
        "summary": {name: summarise(train[name], column.kind) for name, column in spec.columns.items()},
    }
    meta = Meta(case, rows, cohort.rejections.counts, source, data)
    with whole_folder(out) as folder:
        for name, frame in frames.items():
            write_rows(frame, folder / name)
        meta.write(folder)
    log.info("%s: %s; events %.1f%%", case, ", ".join(f"{k} {v}" for k, v in rows.items()), 100 * event.mean())
    return meta


def read_cohort(file: Path, outcome: Outcome, spec: CohortParams) -> Cohort:
    """A checked cohort file; `outcome` says how this one writes its times and events."""
    spec = spec.model_copy(update={"target": outcome})
    frame = read_table(file)
    check_columns(frame, spec, file)
    check_keys(frame, spec, file)
    time, event, typed_outcome = read_outcome(frame, outcome, spec, file)
    typed = convert(frame, spec.columns, spec.missing)
    check_infinite(frame, typed, file)
    rejections = find_rejections(frame, typed, typed_outcome, spec)
    check_share(rejections, len(frame), spec, file)
    kept = frame.index.difference(rejections.reasons.index)
    known = pd.DataFrame({TIME: time[kept], EVENT: event[kept].astype(np.int8)})
    rows = pd.concat([key_columns(frame, spec).loc[kept], typed.frame.loc[kept], known], axis=1)
    check_events(known[EVENT].to_numpy(), outcome, file)
    return Cohort(frame, rows.reset_index(drop=True), split_by(frame, typed.frame, event, spec).loc[kept], rejections)


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
