"""A raw table to training, validation and test rows, and all that their readers need to know of them."""

import logging
from typing import Any

import pandas as pd

from components.core.files import whole_folder
from components.core.job import PREPARED_FILES, TRAIN, Job, Meta, read_origin
from components.kits.tables.checks import check_columns, check_infinite, check_keys
from components.kits.tables.encoding.convert import convert
from components.kits.tables.encoding.encode import fit_encoder
from components.kits.tables.encoding.reader import SPELLINGS
from components.kits.tables.encoding.spec import QUESTIONS, ROW, TARGET, FeatureParams
from components.kits.tables.forgotten import without_forgotten
from components.kits.tables.hindsight import tell_hindsight
from components.kits.tables.noted import warned_of, write_told
from components.kits.tables.numbers.trained import Expected, frame_as_expected
from components.kits.tables.outcome.outcome import Outcome
from components.kits.tables.read import read_table
from components.kits.tables.schema import check_share, find_rejections
from components.kits.tables.spelling import one_spelling
from components.kits.tables.split import groups_of
from components.kits.tables.suspects import check_identifiers
from components.kits.tables.write import (
    key_columns,
    rejected_rows,
    split_by,
    summarise,
    write_groups,
    write_rows,
)
from components.recipes.shared.smoke import few_rows

log = logging.getLogger(__name__)


def prepare_table(job: Job[Any, Any, Any], outcome: Outcome) -> Meta:
    """Check the raw table, split it, fit its encoder on the training rows and write the prepared folder whole.

    It gets `train.parquet`, `val.parquet`, `test.parquet` (the key, or `row`, the row's number
    in the file from 1; the typed columns; `target`, as the outcome has its answers), `groups.parquet`
    where rows are split by group (`split`, and of its rows in turn `group`, a number),
    `rejected.parquet` (`row`, `reason` and every raw column as text), `told.json` (figures of the splits, warnings) and
    `meta.json`. In `Meta.data`:
    `spec` the params' block, `key` the names of the key columns, `encoder` for
    `TableEncoder.from_json`, `summary` of the training rows by column.

    Raises:
        CasebookError: the params, the file, its columns or too many of its rows are wrong.
    """
    with warned_of(job.paths.raw(job.case)) as notes:
        return _prepare(job, outcome, notes)


def _prepare(job: Job[Any, Any, Any], outcome: Outcome, notes: list[str]) -> Meta:
    spec: FeatureParams = job.prepare
    raw = job.paths.raw(job.case)
    file = raw / spec.file
    source = read_origin(raw)
    frame = read_table(file, spec.read)
    check_columns(frame, spec, file)
    frame = frame_as_expected(file, frame, Expected.of_block(spec, outcome.numbers()), spec.read)
    frame = without_forgotten(frame, spec)
    target = outcome.read(frame, file)
    check_keys(frame, spec, file)
    checked = spec.model_copy(update={"columns": {**spec.columns, **outcome.numbers()}})
    typed, spellings = one_spelling(convert(frame, checked.columns, spec.missing), spec)
    check_infinite(frame, typed, file)
    rejections = find_rejections(frame, typed, dict.fromkeys(spec.outcome, target), checked)
    if left_out := outcome.left_out(frame):
        log.warning("%d row(s) of no outcome (prepare.target.ignore) are left out", left_out)
    check_share(rejections, len(frame), spec, file, left_out)

    kept = frame.index.difference(rejections.reasons.index)
    answers = outcome.answers(target.loc[kept])
    prepared = pd.concat([key_columns(frame, spec), typed.frame[[*spec.columns]]], axis=1).loc[kept]
    prepared = prepared.reset_index(drop=True).assign(**{TARGET: answers})
    outcome.check(answers, str(file))
    check_identifiers(prepared, spec)
    by = split_by(frame, typed.frame, target, spec).loc[kept].reset_index(drop=True)
    splits, groups = outcome.split(by, answers), groups_of(by, spec)
    outcome.check_shares(splits, answers, groups)
    if job.smoke:
        splits = few_rows(splits, outcome.strata(answers))
    train, shares = prepared.iloc[splits[TRAIN]], outcome.count(splits, answers, groups)
    outcome.check_leaks(train, answers[splits[TRAIN]])
    own = None if groups is None else groups[splits[TRAIN]]
    suspects = outcome.suspects(train, answers[splits[TRAIN]], own)
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
