"""Raw CSV and Parquet files as frames, whole or in batches, and what is wrong with those that are neither."""

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from components.core.errors import CasebookError
from components.core.files import CHUNK
from components.kits.tables.dialect import find_dialect, read_sample, refuse_if_not_utf8, unique_names

BLOCK = 16 << 20  # bytes parsed at a time: no row can be longer
RAGGED = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+): (.*)", re.DOTALL)  # Arrow's words
PARQUET_MAGIC = b"PAR1"
OTHER_FORMATS = {
    b"PK\x03\x04": "an Excel workbook or a zip archive; save the sheet as CSV (UTF-8), or unpack it",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save the sheet as CSV (UTF-8)",
    b"\x1f\x8b": "compressed with gzip; unpack it with gunzip",
}


def read_table(path: Path) -> pd.DataFrame:
    """The whole file, as `read_batches` gives it, with row numbers from 0 as its index."""
    return pd.concat(list(read_batches(path, BLOCK)), ignore_index=True)


def read_batches(path: Path, rows: int) -> Iterator[pd.DataFrame]:
    """The file in frames of at most `rows` rows, in order, never holding more than a block of it.

    From a CSV (UTF-8 with or without a mark; delimiter , ; tab or |; quoted values may hold line
    breaks) every value is a string as it stands, an empty one where nothing is written. Parquet
    columns keep their types. Names lose surrounding blanks; a column without one is `column_3`.

    Raises:
        CasebookError: no such file, no header, no rows, two columns of one name, a row with more
            or fewer values than the header, an unclosed quote, bytes that are not UTF-8, or
            another format. A fault far into the file is raised when its batch is reached.
    """
    if not path.is_file():
        raise CasebookError(f"{path}: no such file")
    sample = read_sample(path)
    if sample.startswith(PARQUET_MAGIC):
        yield from _parquet_batches(path, rows)
        return
    for magic, what in OTHER_FORMATS.items():
        if sample.startswith(magic):
            raise CasebookError(f"{path}: this is {what}")
    yield from _csv_batches(path, sample, rows)


def _parquet_batches(path: Path, rows: int) -> Iterator[pd.DataFrame]:
    try:
        with pq.ParquetFile(path) as file:
            names = unique_names(path, file.schema_arrow.names)
            if file.metadata.num_rows == 0:
                raise CasebookError(f"{path}: it has columns but no rows")
            for batch in file.iter_batches(batch_size=rows):
                # The pandas metadata is left aside, or a stored index would leave the columns.
                yield pa.Table.from_batches([batch.rename_columns(names)]).to_pandas(ignore_metadata=True)
    except (pa.ArrowException, OSError) as error:
        raise CasebookError(f"{path}: not a readable Parquet file: {error}") from None


def _csv_batches(path: Path, sample: bytes, rows: int) -> Iterator[pd.DataFrame]:
    dialect = find_dialect(path, sample)
    last = None
    try:
        # Arrow's own file: one of Python's, closed by a thread of Arrow as the process ends, aborts it.
        with pa.OSFile(str(path)) as file:
            file.seek(dialect.start)
            for batch in _open_csv(file, dialect.delimiter, dialect.names):
                for first in range(0, batch.num_rows, rows):
                    last = batch.slice(first, rows).to_pandas()
                    yield last
    except pa.ArrowException as error:
        raise CasebookError(_csv_problem(path, str(error))) from None
    if last is None:
        raise CasebookError(f"{path}: it has a header but no rows")
    _refuse_unclosed_quote(path, str(last.iloc[-1, -1]))


def _open_csv(file: pa.OSFile, delimiter: str, names: list[str]) -> pa.csv.CSVStreamingReader:
    return pa.csv.open_csv(
        file,
        # One thread, because only then does a bad row know its number.
        pa.csv.ReadOptions(use_threads=False, block_size=BLOCK, column_names=names, skip_rows_after_names=1),
        pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        pa.csv.ConvertOptions(column_types={name: pa.string() for name in names}, strings_can_be_null=False),
    )


def _csv_problem(path: Path, error: str) -> str:
    refuse_if_not_utf8(path)
    if ragged := RAGGED.search(error):
        row, expected, actual, text = ragged.groups()
        return (
            f"{path}: row {row} (the header is row 1) has {actual} value(s) where the header has {expected}: "
            f"{text[:80]!r}; quote values that hold the delimiter"
        )
    if "straddling" in error:
        return f"{path}: a row is longer than {BLOCK:,} bytes; a quote that is never closed does that"
    return f"{path}: not a readable CSV file: {error}"


def _refuse_unclosed_quote(path: Path, last_value: str) -> None:
    """A quote that is never closed makes the rest of the file one value, without a word."""
    if "\n" not in last_value and "\r" not in last_value:
        return
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - CHUNK))
        if not file.read().rstrip().endswith(b'"'):
            shown = last_value.strip()[:60]
            raise CasebookError(f'{path}: the quote (") before {shown!r} is never closed, so all that follows is in it')
