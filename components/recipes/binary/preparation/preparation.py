"""A raw table to training, validation and test rows, and all that their readers need to know of them."""

import logging

import numpy as np
import pandas as pd

from components.core.files import whole_folder
from components.core.job import PREPARED_FILES, TRAIN, Meta, read_origin
from components.kits.tables.checks import (
    check_classes,
    check_columns,
    check_infinite,
    check_keys,
)
from components.kits.tables.encoding.convert import convert
from components.kits.tables.encoding.encode import fit_encoder
from components.kits.tables.encoding.reader import SPELLINGS
from components.kits.tables.encoding.spec import QUESTIONS, ROW, TARGET, TableParams
from components.kits.tables.forgotten import without_forgotten
from components.kits.tables.hindsight import find_hindsight, tell_hindsight
from components.kits.tables.labels import read_target, without_outcome
from components.kits.tables.noted import warned_of, write_told
from components.kits.tables.numbers.trained import Expected, frame_as_expected
from components.kits.tables.read import read_table
from components.kits.tables.schema import check_share, find_rejections
from components.kits.tables.shares import check_shares, count_shares
from components.kits.tables.spelling import one_spelling
from components.kits.tables.split import groups_of, split_rows
from components.kits.tables.suspects import check_identifiers, check_leaks
from components.kits.tables.write import (
    key_columns,
    rejected_rows,
    split_by,
    summarise,
    write_groups,
    write_rows,
)
from components.recipes.binary.params import BinaryJob
from components.recipes.shared.smoke import few_rows

log = logging.getLogger(__name__)


def prepare(job: BinaryJob) -> Meta:
    """Check the raw table, split it, fit its encoder on the training rows and write the prepared folder whole.

    It gets `train.parquet`, `val.parquet`, `test.parquet` (the key, or `row`, the row's number
    in the file from 1; the typed columns; `target`, int8, 1 for the positive label), `groups.parquet`
    where rows are split by group (`split`, and of its rows in turn `group`, a number),
    `rejected.parquet` (`row`, `reason` and every raw column as text), `told.json` (figures of the splits, warnings) and
    `meta.json`. In `Meta.data`:
    `spec` the params' block, `key` the names of the key columns, `encoder` for
    `TableEncoder.from_json`, `summary` of the training rows by column.

    Raises:
        CasebookError: the params, the file, its columns or too many of its rows are wrong.
    """
    with warned_of(job.paths.raw(job.case)) as notes:
        return _prepare(job, notes)


def _prepare(job: BinaryJob, notes: list[str]) -> Meta:
    spec, raw = job.prepare, job.paths.raw(job.case)
    file = raw / spec.file
    source = read_origin(raw)
    frame = read_table(file, spec.read)
    check_columns(frame, spec, file)
    frame = frame_as_expected(file, frame, Expected.of_block(spec), spec.read)
    frame = without_forgotten(frame, spec)
    target = read_target(frame, spec, file)
    check_keys(frame, spec, file)
    typed, spellings = one_spelling(convert(frame, spec.columns, spec.missing), spec)
    check_infinite(frame, typed, file)
    rejections = find_rejections(frame, typed, {spec.target.column: target}, spec)
    if left_out := without_outcome(frame, spec):
        log.warning("%d row(s) of no outcome (prepare.target.ignore) are left out", left_out)
    check_share(rejections, len(frame), spec, file, left_out)

    kept = frame.index.difference(rejections.reasons.index)
    prepared = _with_key_and_target(frame, typed.frame, target, spec).loc[kept].reset_index(drop=True)
    answers = prepared[TARGET].to_numpy()
    check_classes(answers, spec, str(file))
    check_identifiers(prepared, spec)
    by = split_by(frame, typed.frame, target, spec).loc[kept].reset_index(drop=True)
    splits, groups = split_rows(by, answers, spec), groups_of(by, spec)
    check_shares(count_shares(splits, answers, groups), spec)
    if job.smoke:
        splits = few_rows(splits, answers)
    train, shares = prepared.iloc[splits[TRAIN]], count_shares(splits, answers, groups)
    check_leaks(train, answers[splits[TRAIN]], spec)
    own = None if groups is None else groups[splits[TRAIN]]
    suspects = find_hindsight(train, answers[splits[TRAIN]], spec, own)
    tell_hindsight(suspects)

    rows = {name: len(index) for name, index in splits.items()} | {"rejected": len(rejections.reasons)}
    data = {
        "spec": spec.model_dump(mode="json", exclude=QUESTIONS),
        "key": list(spec.key) or [ROW],
        "encoder": fit_encoder(train, spec).to_json(),
        "summary": {name: summarise(train[name], column.kind) for name, column in spec.columns.items()},
        **({SPELLINGS: spellings} if spellings else {}),
    }
    meta = Meta(job.case, rows, rejections.counts, source, data)
    with whole_folder(job.paths.prepared(job.case)) as folder:
        for name, index in splits.items():
            write_rows(prepared.iloc[index], folder / PREPARED_FILES[name])
        if spec.split.by == "group":
            write_groups(by, splits, folder)
        write_rows(rejected_rows(frame, rejections), folder / "rejected.parquet")
        write_told(folder, shares, notes, suspects)
        meta.write(folder)
    log.info("%s: %s; rejected %d", job.case, shares.told(), rows["rejected"])
    return meta


def _with_key_and_target(
    frame: pd.DataFrame, typed: pd.DataFrame, target: pd.Series, spec: TableParams
) -> pd.DataFrame:
    answer = target.fillna(-1).astype(np.int8).rename(TARGET)
    return pd.concat([key_columns(frame, spec), typed, answer], axis=1)
