"""Parquet whose bytes depend on the rows alone, not on the pieces in which they came."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP = 1 << 20
EVENTS = pa.schema(
    {"event": pa.int64(), "user": pa.int32(), "item": pa.int32(), "time": pa.int64(), "rating": pa.float32()}
)


class RowGroups:
    """Gathers tables until a row group is full."""

    def __init__(self, writer: pq.ParquetWriter, rows: int) -> None:
        self.writer, self.rows = writer, rows
        self.held = pa.Table.from_batches([], writer.schema)
        self.written = 0

    def add(self, table: pa.Table) -> None:
        self.held = pa.concat_tables([self.held, table])
        while len(self.held) >= self.rows:
            self._write(self.held.slice(0, self.rows))
            # A copy, or the slice would hold on to all that was written.
            self.held = pa.concat_tables([self.held.slice(self.rows)]).combine_chunks()

    def finish(self) -> None:
        if len(self.held):
            self._write(self.held)

    def _write(self, table: pa.Table) -> None:
        self.writer.write_table(table.combine_chunks(), row_group_size=self.rows)
        self.written += len(table)


@contextmanager
def row_groups(path: Path, schema: pa.Schema, rows: int = ROW_GROUP) -> Iterator[RowGroups]:
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        groups = RowGroups(writer, rows)
        yield groups
        groups.finish()
