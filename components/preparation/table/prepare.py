"""A raw table to training, validation and test rows, and all that their readers need to know of them."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from components.contracts import PREPARED_FILES, TRAIN, Meta
from components.errors import CasebookError
from components.files import read_json, whole_folder
from components.params import CaseParams, read_block
from components.preparation.table.checks import (
    check_classes,
    check_columns,
    check_infinite,
    check_keys,
)
from components.preparation.table.encoding.convert import convert
from components.preparation.table.encoding.encode import fit_encoder
from components.preparation.table.encoding.spec import ROW, TARGET, TableParams
from components.preparation.table.encoding.text import as_label, as_text
from components.preparation.table.labels import read_target
from components.preparation.table.read import read_table
from components.preparation.table.schema import Rejections, check_share, find_rejections
from components.preparation.table.split import split_rows
from components.preparation.table.suspects import check_identifiers, check_leaks

log = logging.getLogger(__name__)

QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
TOP = 20


def prepare_table(raw: Path, out: Path, case: str, params: CaseParams) -> Meta:
    """Check the raw folder's table, split it, fit its encoder on the training rows and write `out` whole.

    `out` gets `train.parquet`, `val.parquet`, `test.parquet` (the key, or `row`, the row's number
    in the file from 1; the typed columns; `target`, int8, 1 for the positive label),
    `rejected.parquet` (`row`, `reason` and every raw column as text) and `meta.json`. In `Meta.data`:
    `spec` the params' block, `key` the names of the key columns, `encoder` for
    `TableEncoder.from_json`, `summary` of the training rows by column.

    Raises:
        CasebookError: the params, the file, its columns or too many of its rows are wrong.
    """
    spec = read_block(TableParams, params.prepare, f"params.cases.{case}.prepare")
    file = raw / spec.file
    source = _source(raw)
    frame = read_table(file)
    check_columns(frame, spec, file)
    target = read_target(frame, spec, file)
    check_keys(frame, spec, file)
    typed = convert(frame, spec.columns, spec.missing)
    check_infinite(frame, typed, file)
    rejections = find_rejections(frame, typed, target, spec)
    check_share(rejections, len(frame), spec, file)

    kept = frame.index.difference(rejections.reasons.index)
    prepared = _with_key_and_target(frame, typed.frame, target, spec).loc[kept].reset_index(drop=True)
    answers = prepared[TARGET].to_numpy()
    check_classes(answers, spec, str(file))
    check_identifiers(prepared, spec)
    splits = split_rows(_split_by(frame, typed.frame, target, spec).loc[kept], answers, spec)
    train = prepared.iloc[splits[TRAIN]]
    check_leaks(train, answers[splits[TRAIN]], spec)

    rows = {name: len(index) for name, index in splits.items()} | {"rejected": len(rejections.reasons)}
    data = {
        "spec": spec.model_dump(mode="json"),
        "key": list(spec.key) or [ROW],
        "encoder": fit_encoder(train, spec).to_json(),
        "summary": {name: summarise(train[name], column.kind) for name, column in spec.columns.items()},
    }
    meta = Meta(case, rows, rejections.counts, source, data)
    with whole_folder(out) as folder:
        for name, index in splits.items():
            _write(prepared.iloc[index], folder / PREPARED_FILES[name])
        _write(_rejected(frame, rejections), folder / "rejected.parquet")
        meta.write(folder)
    log.info("%s: %s; positives %.1f%%", case, ", ".join(f"{k} {v}" for k, v in rows.items()), 100 * answers.mean())
    return meta


def summarise(values: pd.Series, kind: str) -> dict[str, Any]:
    """Share of missing rows and distinct values of a typed column; quantiles, or the commonest with their counts."""
    present = values.dropna()
    summary: dict[str, Any] = {"missing": float(values.isna().mean()), "distinct": int(present.nunique())}
    if kind in ("numeric", "amount") and len(present):
        summary["quantiles"] = {f"{q:g}": float(present.quantile(q)) for q in QUANTILES}
    elif kind == "date" and len(present):
        summary["first"], summary["last"] = present.min().isoformat(), present.max().isoformat()
    elif kind in ("categorical", "boolean"):
        counts = sorted(present.value_counts().items(), key=lambda item: (-item[1], str(item[0])))
        summary["top"] = [[str(value), int(count)] for value, count in counts[:TOP]]
    return summary


def _source(raw: Path) -> dict[str, Any]:
    path = raw / "source.json"
    if not path.is_file():
        raise CasebookError(f"{path}: not found, so {raw} is not what the fetch stage leaves; run fetch first")
    source: dict[str, Any] = read_json(path)
    return source


def _with_key_and_target(
    frame: pd.DataFrame, typed: pd.DataFrame, target: pd.Series, spec: TableParams
) -> pd.DataFrame:
    key = {name: frame[name] for name in spec.key} or {ROW: pd.Series(np.arange(1, len(frame) + 1))}
    return pd.concat([pd.DataFrame(key), typed, target.fillna(-1).astype(np.int8).rename(TARGET)], axis=1)


def _split_by(frame: pd.DataFrame, typed: pd.DataFrame, target: pd.Series, spec: TableParams) -> pd.Series:
    if spec.split.by == "stratified":
        return target
    name = spec.split.column
    if name in typed:
        return typed[name]
    cells = frame[name]
    return cells if cells.dtype.kind in "iufM" else pd.Series(as_label(as_text(cells, ())).to_pandas(), dtype="str")


def _rejected(frame: pd.DataFrame, rejections: Rejections) -> pd.DataFrame:
    rows = rejections.reasons.index
    texts = {name: pd.Series(as_text(frame.loc[rows, name], ()).to_pandas()) for name in frame.columns}
    names = [name if name not in texts else f"{name} (of the check)" for name in (ROW, "reason")]
    added = {names[0]: np.asarray(rows, dtype=np.int64) + 1, names[1]: rejections.reasons.to_numpy()}
    return pd.DataFrame({**added, **texts}).astype(dict.fromkeys([names[1], *texts], "str"))


def _write(frame: pd.DataFrame, path: Path) -> None:
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path, compression="zstd")
