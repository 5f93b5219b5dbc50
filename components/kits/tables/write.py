"""Files of a prepared table, and what they are written from, whatever its outcome is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from components.kits.tables.encoding.spec import ROW, FeatureParams
from components.kits.tables.encoding.text import as_label, as_text
from components.kits.tables.schema import Rejections

GROUPS = "groups.parquet"  # of a prepared table that is split by group
QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
TOP = 20


def summarise(values: pd.Series, kind: str) -> dict[str, Any]:
    """Share of missing rows and distinct values of a typed column; quantiles, or the commonest with their counts."""
    present = values.dropna()
    summary: dict[str, Any] = {"missing": float(values.isna().mean()), "distinct": int(present.nunique())}
    if kind in ("numeric", "amount") and len(present):
        summary["quantiles"] = {f"{q:g}": float(present.quantile(q)) for q in QUANTILES}
    elif kind == "date" and len(present):
        summary["first"], summary["last"] = present.min().isoformat(), present.max().isoformat()
    elif kind in ("categorical", "band", "boolean"):
        counts = sorted(present.value_counts().items(), key=lambda item: (-item[1], str(item[0])))
        summary["top"] = [[str(value), int(count)] for value, count in counts[:TOP]]
    return summary


def key_columns(frame: pd.DataFrame, spec: FeatureParams) -> pd.DataFrame:
    """The key of each raw row, or its number in the file, from 1."""
    return pd.DataFrame({name: frame[name] for name in spec.key} or {ROW: pd.Series(np.arange(1, len(frame) + 1))})


def split_by(frame: pd.DataFrame, typed: pd.DataFrame, target: pd.Series, spec: FeatureParams) -> pd.Series:
    """What `split_rows` looks at in each row."""
    if spec.split.by == "stratified":
        return target
    name = spec.split.column
    if name in typed:
        return typed[name]
    cells = frame[name]
    return cells if cells.dtype.kind in "iufM" else pd.Series(as_label(as_text(cells, ())).to_pandas(), dtype="str")


def rejected_rows(frame: pd.DataFrame, rejections: Rejections) -> pd.DataFrame:
    rows = rejections.reasons.index
    texts = {name: pd.Series(as_text(frame.loc[rows, name], ()).to_pandas()) for name in frame.columns}
    names = [name if name not in texts else f"{name} (of the check)" for name in (ROW, "reason")]
    added = {names[0]: np.asarray(rows, dtype=np.int64) + 1, names[1]: rejections.reasons.to_numpy()}
    return pd.DataFrame({**added, **texts}).astype(dict.fromkeys([names[1], *texts], "str"))


def write_rows(frame: pd.DataFrame, path: Path) -> None:
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path, compression="zstd")


def write_groups(by: pd.Series, splits: Mapping[str, np.ndarray], folder: Path) -> None:
    """Which rows of each split belong together, by number: `by` (N,) holds a name for each row, `splits` its places."""
    groups = pd.factorize(by)[0]
    parts = [pd.DataFrame({"split": split, "group": groups[places]}) for split, places in splits.items()]
    write_rows(pd.concat(parts, ignore_index=True), folder / GROUPS)
