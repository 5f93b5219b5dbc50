"""A file of any size through a predictor, a batch at a time, to a file of answers by its suffix."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from components.core.errors import CasebookError
from components.core.files import whole_file

if TYPE_CHECKING:  # texts are answered without
    import pandas as pd

BATCH_ROWS = 5_000
CSV = ".csv"
ROW, REASONS, WARNINGS = "row", "reasons", "warnings"  # columns of answers: the row's number, and lists of texts


class FrameWriter:
    """Frames of answers, one after the other, to CSV where `suffix` says so, and else to Parquet.

    In Parquet the columns are those of `fields` that the first frame has, or without `fields` that frame's own; each
    of `lists` holds lists of texts, which CSV joins.
    """

    def __init__(self, path: Path, suffix: str, *, fields: pa.Schema | None = None, lists: Sequence[str] = ()) -> None:
        self.rows = 0
        self._path, self._csv, self._fields, self._lists = path, suffix == CSV, fields, lists
        self._parquet: pq.ParquetWriter | None = None

    def __enter__(self) -> "FrameWriter":
        return self

    def __exit__(self, *_: object) -> None:
        if self._parquet is not None:
            self._parquet.close()

    def write(self, frame: "pd.DataFrame") -> None:
        if self._csv:
            joined = frame.assign(**{name: frame[name].map("; ".join) for name in self._lists if name in frame})
            joined.to_csv(self._path, mode="a", header=self.rows == 0, index=False)
        else:
            table = pa.Table.from_pandas(frame, preserve_index=False)
            if self._parquet is None:
                self._parquet = pq.ParquetWriter(self._path, self._schema(table.schema), compression="zstd")
            schema = self._parquet.schema
            self._parquet.write_table(table.select(schema.names).cast(schema))
        self.rows += len(frame)

    def _schema(self, own: pa.Schema) -> pa.Schema:
        if self._fields is not None:
            return pa.schema([field for field in self._fields if field.name in own.names])
        # One that is empty in the first frame would have no type for the next ones.
        for name in [name for name in self._lists if name in own.names]:
            own = own.set(own.get_field_index(name), pa.field(name, pa.list_(pa.string())))
        return own


def progress(source: Path, unit: str) -> "tqdm[Any]":
    """A bar that counts units of the source, where somebody looks at it."""
    return tqdm(unit=f" {unit}", desc=source.name, disable=None, leave=False)


class RowPredictor(Protocol):
    """Answers rows as the source has them, with the columns of `data["key"]` that they have, and perhaps lists of
    texts.
    """

    @property
    def data(self) -> dict[str, Any]: ...

    def predict(self, rows: "pd.DataFrame") -> "pd.DataFrame": ...


def predict_rows(predictor: RowPredictor, batches: "Iterable[pd.DataFrame]", source: Path, target: Path) -> int:
    """Write a row of answers for each raw row of the batches of `source`; returns how many.

    `target` is Parquet, or CSV where its name says so, and appears whole or not at all. Without
    key columns in the file, `row` is the row's number in it, from 1.

    Raises:
        CasebookError: the source has no rows, or lacks a column of the model.
    """
    with (
        whole_file(target) as temporary,
        progress(source, "rows") as bar,
        FrameWriter(temporary, target.suffix, lists=[REASONS, WARNINGS]) as writer,
    ):
        for batch in batches:
            writer.write(answer_batch(predictor, batch, writer.rows))
            bar.update(len(batch))
        if writer.rows == 0:
            raise CasebookError(f"{source}: no rows to score")
    return writer.rows


def answer_batch(predictor: RowPredictor, batch: "pd.DataFrame", before: int) -> "pd.DataFrame":
    """The answers to raw rows that come after `before` others."""
    answer = predictor.predict(batch)
    if not set(predictor.data["key"]) <= set(answer.columns):
        answer.insert(0, ROW, np.arange(before + 1, before + 1 + len(batch)))
    return answer
