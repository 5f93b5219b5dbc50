"""Raw files of rows (CSV, Parquet, workbooks, packed or not) as frames, and what is wrong with those that are none."""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from components.core.errors import CasebookError
from components.core.files import CHUNK
from components.kits.tables.charset import tell
from components.kits.tables.dialect import Dialect, find_dialect, read_sample, unique_names
from components.kits.tables.durations import in_days
from components.kits.tables.encoding.reading import AS_IT_IS, Reading
from components.kits.tables.totals import LOOKED_AT, count_totals, left_out_below, word_of_totals
from components.kits.tables.unpack import PARQUET, first_bytes, in_utf8, is_workbook, refuse_other_formats, unpacked
from components.kits.tables.workbook import read_sheet

BLOCK = 16 << 20  # bytes parsed at a time: no row can be longer
RAGGED = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+): (.*)", re.DOTALL)  # Arrow's words


def read_table(path: Path, reading: Reading = AS_IT_IS) -> pd.DataFrame:
    """The whole file, as `read_batches` gives it, with row numbers from 0 as its index."""
    return pd.concat(list(read_batches(path, BLOCK, reading)), ignore_index=True)


def read_batches(path: Path, rows: int, reading: Reading = AS_IT_IS) -> Iterator[pd.DataFrame]:
    """The file in frames of at most `rows` rows, in order, never holding more than a block of it.

    From a CSV (delimiter , ; tab or |; quoted values may hold line breaks) every value is a string as it stands, an
    empty one where nothing is written. Parquet columns keep their types, but durations, which are
    days; for a workbook see `workbook.read_sheet`, which holds all of a sheet. Names lose surrounding blanks; a column
    without one is `column_3`. Each of these may be packed with gzip, or alone in a zip archive. Text is UTF-8 or what
    its bytes or `reading` say. A title above the header and rows of totals below the last one are left out with a
    warning.

    Raises:
        CasebookError: no such file, no header, no rows, two columns of one name, a row with more
            or fewer values than the header, an unclosed quote, bytes of an unknown encoding, or
            another format. A fault far into the file is raised when its batch is reached.
    """
    if not path.is_file():
        raise CasebookError(f"{path}: no such file")
    with unpacked(path, reading) as file:
        if first_bytes(file).startswith(PARQUET):
            yield from _parquet_batches(file, path, rows)
        elif is_workbook(file):
            frame = read_sheet(file, path, reading)
            yield from (frame.iloc[first : first + rows] for first in range(0, len(frame), rows))
        else:
            refuse_other_formats(file, path)
            with in_utf8(file, path, reading) as text:
                yield from _without_totals(_csv_batches(text, path, rows), path)


def _parquet_batches(file: Path, path: Path, rows: int) -> Iterator[pd.DataFrame]:
    try:
        with pq.ParquetFile(file) as opened:
            names = unique_names(path, opened.schema_arrow.names)
            if opened.metadata.num_rows == 0:
                raise CasebookError(f"{path}: it has columns but no rows")
            for batch in opened.iter_batches(batch_size=rows):
                # The pandas metadata is left aside, or a stored index would leave the columns.
                table = in_days(pa.Table.from_batches([batch.rename_columns(names)]), path)
                yield table.to_pandas(ignore_metadata=True)
    except (pa.ArrowException, OSError) as error:
        raise CasebookError(f"{path}: not a readable Parquet file: {error}") from None


def _csv_batches(text: Path, path: Path, rows: int) -> Iterator[pd.DataFrame]:
    dialect = find_dialect(path, read_sample(text))
    last = None
    try:
        # Arrow's own file: one of Python's, closed by a thread of Arrow as the process ends, aborts it.
        with pa.OSFile(str(text)) as file:
            file.seek(dialect.start)
            for batch in _open_csv(file, dialect.delimiter, dialect.names):
                for first in range(0, batch.num_rows, rows):
                    last = batch.slice(first, rows).to_pandas()
                    yield last
    except pa.ArrowException as error:
        raise CasebookError(_csv_problem(path, str(error), dialect)) from None
    if last is None:
        raise CasebookError(f"{path}: it has a header but no rows")
    _refuse_unclosed_quote(text, path, str(last.iloc[-1, -1]))


def _without_totals(frames: Iterable[pd.DataFrame], path: Path) -> Iterator[pd.DataFrame]:
    """The frames but for rows of totals at the end of the last ones, which are told."""
    held: deque[pd.DataFrame] = deque()
    whole = True
    for frame in frames:
        held.append(frame)
        while sum(map(len, held)) - len(held[0]) >= LOOKED_AT:
            whole = False
            yield held.popleft()
    if held and word_of_totals(list(held[-1].iloc[-1])) is not None:
        rows = pd.concat(held).to_numpy().tolist()
        if totals := count_totals(rows, whole=whole):
            tell(left_out_below(path, rows[-totals:]))
            data = pd.concat(held).iloc[: len(rows) - totals]
            size = len(held[0])
            held = deque(data.iloc[first : first + size] for first in range(0, len(data), size))
    yield from held


def _open_csv(file: pa.OSFile, delimiter: str, names: list[str]) -> pa.csv.CSVStreamingReader:
    return pa.csv.open_csv(
        file,
        # One thread, because only then does a bad row know its number.
        pa.csv.ReadOptions(use_threads=False, block_size=BLOCK, column_names=names, skip_rows_after_names=1),
        pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        pa.csv.ConvertOptions(column_types={name: pa.string() for name in names}, strings_can_be_null=False),
    )


def _csv_problem(path: Path, error: str, dialect: Dialect) -> str:
    if ragged := RAGGED.search(error):
        row, expected, actual, text = ragged.groups()
        said = f"{path}: row {row} (the header is row 1) has {actual} value(s) where the header has {expected}"
        if word_of_totals(text.split(dialect.delimiter)):
            return f"{said}: {text[:80]!r}; it looks like a row of totals: delete it"
        if expected == "1":
            return (
                f"{said}: {text[:80]!r}; the header, {dialect.names[0][:60]!r}, may be a title: delete what stands "
                "above the names of the columns"
            )
        remedy = "quote values that hold the delimiter"
        if int(actual) > int(expected):
            remedy += ", or, if the header is not in line 1, delete what stands above it"
        return f"{said}: {text[:80]!r}; {remedy}"
    if "straddling" in error:
        return f"{path}: a row is longer than {BLOCK:,} bytes; a quote that is never closed does that"
    return f"{path}: not a readable CSV file: {error}"


def _refuse_unclosed_quote(text: Path, path: Path, last_value: str) -> None:
    """A quote that is never closed makes the rest of the file one value, without a word."""
    if "\n" not in last_value and "\r" not in last_value:
        return
    with text.open("rb") as file:
        file.seek(max(0, text.stat().st_size - CHUNK))
        if not file.read().rstrip().endswith(b'"'):
            shown = last_value.strip()[:60]
            raise CasebookError(f'{path}: the quote (") before {shown!r} is never closed, so all that follows is in it')
