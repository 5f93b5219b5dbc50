"""Raw CSV, TSV and Parquet files as tables that DuckDB reads a piece at a time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from components.core.errors import CasebookError
from components.kits.tables.encoding.reading import AS_THE_HEADER_SAYS, TextReading
from components.kits.tables.faults import clipped, mixed_ends
from components.kits.tables.forms import Form, find_form
from components.kits.tables.plain import plain_file
from components.recipes.next_item.preparation.database import first_line, quoted, work_folder

SAMPLE = 1 << 20  # bytes in which the header must end
PARQUET_MAGIC = b"PAR1"
BLANKS = "".join(filter(str.isspace, map(chr, range(0x3001))))  # what str.strip takes off
INTEGERS = {f"{sign}{size}INT" for sign in ("", "U") for size in ("TINY", "SMALL", "", "BIG", "HUGE")} | {
    "INTEGER",
    "UINTEGER",
}
FLOATS = {"FLOAT", "DOUBLE"}
ERROR_LINE = re.compile(r"CSV Error on Line: (\d+)")
ORIGINAL = re.compile(r"Original Line: (.*)")
CELLS = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")


@dataclass(frozen=True)
class RawFile:
    """`table` and `row` are SQL: what stands behind `from`, and a row's number from 1.

    `columns` gives the SQL of each named column and its type, `VARCHAR` for all of a text file; names that the header
    has more than once are in `twice`.
    """

    path: Path
    table: str
    row: str
    columns: dict[str, tuple[str, str]]
    twice: tuple[str, ...] = ()
    plain: Path | None = None  # a text file, as it is read: unpacked and in UTF-8

    @property
    def is_text(self) -> bool:
        return self.plain is not None

    def text(self, name: str, missing: Sequence[str]) -> str:
        """SQL of a column as text without surrounding blanks, null where it stands for no value."""
        column, kind = self.columns[name]
        if kind in FLOATS:  # pandas makes 7 to 7.0 as soon as its column has a missing value
            whole = f"{column} = floor({column}) and abs({column}) < 1e15"
            other = f"when not isnan({column}) then {column}::varchar"
            column = f"case when {whole} then {column}::bigint::varchar {other} end"
        elif kind != "VARCHAR":
            column = f"{column}::varchar"
        text = f"trim({column}, {quoted(BLANKS)})"
        none = ", ".join(quoted(token) for token in sorted({"", *(token.strip().lower() for token in missing)}))
        return f"case when lower({text}) not in ({none}) then {text} end"

    def check_ids(self, name: str) -> None:
        """Raises CasebookError if the column's type is none that ids have."""
        if self.is_list(name) or self.columns[name][1].startswith(("BLOB", "DECIMAL", "STRUCT", "MAP", "UNION")):
            raise CasebookError(
                f"{self.path}: column {name}: its type is {self.columns[name][1]}, and ids are texts or whole numbers; "
                "write it as one of these"
            )

    def is_list(self, name: str) -> bool:
        return self.columns[name][1].endswith("]")

    def check_single(self, name: str, kind: str) -> None:
        """Raises CasebookError if the column's cells are no single texts or numbers, for a feature of this kind."""
        if self.is_list(name) or self.columns[name][1].startswith(("BLOB", "STRUCT", "MAP", "UNION")):
            is_set = self.is_list(name) and kind in ("category", "band")
            remedy = "a list is a set (kind: set)" if is_set else "write one text or number in each cell"
            raise CasebookError(
                f"{self.path}: column {name}: its type is {self.columns[name][1]}, which is no {kind}; {remedy}"
            )

    def check(self, needed: Sequence[str], where: str) -> None:
        """Raises CasebookError if one of the `needed` columns is not there."""
        if absent := [name for name in dict.fromkeys(needed) if name not in self.columns]:
            raise CasebookError(
                f"{self.path}: {len(absent)} column(s) of params.yaml are missing: {', '.join(map(repr, absent))}; "
                f"the file has {', '.join(map(repr, self.columns))}; correct the file or the names under {where}"
            )


def open_raw(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    needed: Sequence[str],
    where: str,
    reading: TextReading = AS_THE_HEADER_SAYS,
) -> RawFile:
    """Look at a file's header; `needed` are the columns that `where` of params.yaml names.

    A text file is JSON of an object a line, or cells between delimiters (`::`, tab , ; | unless `reading` has another),
    of which the one is taken that finds most of the needed columns. Each may be packed with gzip or zip; a workbook is
    read too. What is unpacked goes with the connection's other files.

    Raises:
        CasebookError: no such file, no header, a needed column is missing or stands twice, or
            another encoding or format.
    """
    if not path.is_file():
        raise CasebookError(f"{path}: no such file; fetch it into the raw folder, or correct the name under {where}")
    file = plain_file(path, reading, work_folder(connection))
    with file.open("rb") as opened:
        sample = opened.read(SAMPLE)
    if sample.startswith(PARQUET_MAGIC):
        raw = _parquet(connection, file, path)
    else:
        raw = _text_file(file, path, find_form(path, sample, reading, needed), needed)
    raw.check(needed, where)
    return raw


def _parquet(connection: duckdb.DuckDBPyConnection, file: Path, path: Path) -> RawFile:
    table = f"read_parquet({quoted(str(file))}, file_row_number = true)"
    try:
        described = connection.execute(f"describe select * from {table}").fetchall()  # noqa: S608
    except duckdb.Error as error:
        raise CasebookError(f"{path}: not a readable Parquet file: {first_line(error)}") from None
    columns = {name: (quoted(name, '"'), kind) for name, kind, *_ in described if name != "file_row_number"}
    return RawFile(path, table, "file_row_number + 1", columns)


def _text_file(file: Path, path: Path, form: Form, needed: Sequence[str]) -> RawFile:
    names = form.names
    if twice := [name for name in needed if names.count(name) > 1]:
        raise CasebookError(f"{path}: column {twice[0]!r} stands {names.count(twice[0])} times; rename all but one")
    # Without a partition or an order, rows are numbered as they stand in the file.
    row = "row_number() over ()"
    if form.delimiter is None:
        types = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in names)
        table = (
            f"read_json({quoted(str(file))}, format = 'newline_delimited', compression = 'none', auto_detect = false, "
            f"columns = {{{types}}})"
        )
        return RawFile(path, table, row, {name: (quoted(name, '"'), "VARCHAR") for name in names}, plain=file)
    # Names of our own: a header may hold anything.
    types = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(names)))
    table = (
        f"read_csv({quoted(str(file))}, auto_detect = false, header = {str(form.header).lower()}, skip = {form.skip}, "
        f"delim = {quoted(form.delimiter)}, quote = {quoted(form.quote)}, escape = {quoted(form.quote)}, "
        f"compression = 'none', columns = {{{types}}})"
    )
    columns = {name: (f"c{place}", "VARCHAR") for place, name in enumerate(names)}
    repeated = tuple(dict.fromkeys(name for name in names if names.count(name) > 1))
    return RawFile(path, table, row, columns, repeated, file)


def unreadable(raw: RawFile, error: duckdb.Error) -> CasebookError:
    """What a person can do about rows that DuckDB could not read."""
    if raw.plain is None:
        return CasebookError(f"{raw.path}: not a readable Parquet file: {first_line(error)}; write it anew")
    if "json" in raw.table[:9]:
        _, found, where = first_line(error).partition(", at byte")
        place = f"byte{where}" if found else clipped(first_line(error))
        return CasebookError(f"{raw.path}: cannot be read: not an object of JSON in each line: {place}")
    if ends := mixed_ends(raw.plain):
        return CasebookError(f"{raw.path}: cannot be read: {ends}")
    line, row, cells = (pattern.search(str(error)) for pattern in (ERROR_LINE, ORIGINAL, CELLS))
    if line is None:
        return CasebookError(f"{raw.path}: cannot be read: {clipped(first_line(error))}")
    said = f"{raw.path}: cannot be read: line {line[1]}: {clipped(row[1]) if row else ''}"
    if cells:
        return CasebookError(f"{said} has {cells[2]} cells, not {cells[1]}; quote values that hold the delimiter")
    return CasebookError(
        f'{said}: a quote (") opens a cell and does not close it; close all quotes, or, where they are characters like '
        "any other, set read.quote: none (--quote none with `casebook new`)"
    )
