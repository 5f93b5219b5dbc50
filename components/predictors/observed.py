"""What monitoring sees in rows of a table: the columns as the model takes them, as numbers and texts."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from components.contracts import Job
from components.preparation.table.read import read_batches

BATCH = 20_000  # rows read at a time
NUMBERS = ("numeric", "amount")
SEED = 0


def table_rows(job: Job, source: Path) -> Iterator[pd.DataFrame]:  # noqa: ARG001 - the file says it all
    """Raw rows of a CSV or Parquet file, in frames."""
    return read_batches(source, BATCH)


def feature_columns(typed: pd.DataFrame, data: Mapping[str, Any]) -> pd.DataFrame:
    """Typed rows (N) to a frame (N): numbers as float64, classes and truths as texts, of free text its length.

    `data` is `Meta.data` of the table. Dates are left out: those of new rows are later, always.
    """
    kinds = {name: column["kind"] for name, column in data["spec"]["columns"].items()}
    found: dict[str, pd.Series] = {}
    for name, kind in kinds.items():
        if kind in NUMBERS:
            found[name] = typed[name].astype(np.float64)
        elif kind == "text":
            found[f"length of {name}"] = typed[name].str.len().astype(np.float64)
        elif kind != "date":
            found[name] = typed[name].astype("str")
    return pd.DataFrame(found).reset_index(drop=True)


def some(frame: pd.DataFrame, rows: int) -> pd.DataFrame:
    """At most `rows` of the rows, at random, the same each time."""
    return frame.sample(n=rows, random_state=SEED) if len(frame) > rows else frame
