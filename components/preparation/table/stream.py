"""A file of any size through a predictor of rows, a batch at a time."""

from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from components.errors import CasebookError
from components.files import whole_file
from components.preparation.table.encoding.spec import ROW
from components.preparation.table.read import read_batches

BATCH_ROWS = 5_000


class RowPredictor(Protocol):
    """Answers rows as the source has them, with `reasons` and the columns of `data["key"]` that they have."""

    data: dict[str, Any]

    def predict(self, rows: pd.DataFrame) -> pd.DataFrame: ...


def predict_file(predictor: RowPredictor, source: Path, target: Path) -> int:
    """Write a row of answers for each row of a CSV or Parquet file; returns how many.

    `target` is Parquet, or CSV where its name says so, and appears whole or not at all. Without
    key columns in the file, `row` is the row's number in it, from 1.

    Raises:
        CasebookError: the file cannot be read, has no rows, or lacks a column of the model.
    """
    rows = 0
    with whole_file(target) as temporary, tqdm(unit=" rows", desc=source.name, disable=None, leave=False) as bar:
        writer: pq.ParquetWriter | None = None
        for batch in read_batches(source, BATCH_ROWS):
            answer = _answer(predictor, batch, rows)
            if target.suffix == ".csv":
                answer["reasons"] = answer["reasons"].map("; ".join)
                answer.to_csv(temporary, mode="a", header=rows == 0, index=False)
            else:
                table = pa.Table.from_pandas(answer, preserve_index=False)
                writer = writer or pq.ParquetWriter(temporary, _plain(table.schema), compression="zstd")
                writer.write_table(table.cast(writer.schema))
            rows += len(batch)
            bar.update(len(batch))
        if writer is not None:
            writer.close()
        if rows == 0:
            raise CasebookError(f"{source}: no rows to score")
    return rows


def _answer(predictor: RowPredictor, batch: pd.DataFrame, before: int) -> pd.DataFrame:
    answer = predictor.predict(batch)
    if not set(predictor.data["key"]) <= set(answer.columns):
        answer.insert(0, ROW, np.arange(before + 1, before + 1 + len(batch)))
    return answer


def _plain(schema: pa.Schema) -> pa.Schema:
    """Lists that are empty in the first batch would otherwise have no type for the next ones."""
    place = schema.get_field_index("reasons")
    return schema.set(place, pa.field("reasons", pa.list_(pa.string())))
