"""Raw CSV, TSV and Parquet files as tables that DuckDB reads a piece at a time."""

import codecs
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from components.core.errors import CasebookError
from components.recipes.next_item.preparation.database import first_line, quoted

DELIMITERS = "\t,;|"
SAMPLE = 1 << 20  # bytes in which the header must end
PARQUET_MAGIC = b"PAR1"
BLANKS = "".join(filter(str.isspace, map(chr, range(0x3001))))  # what str.strip takes off
INTEGERS = {f"{sign}{size}INT" for sign in ("", "U") for size in ("TINY", "SMALL", "", "BIG", "HUGE")} | {
    "INTEGER",
    "UINTEGER",
}
FLOATS = {"FLOAT", "DOUBLE"}


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

    @property
    def is_text(self) -> bool:
        return self.table.startswith("read_csv")

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


def open_raw(connection: duckdb.DuckDBPyConnection, path: Path, needed: Sequence[str], where: str) -> RawFile:
    """Look at a file's header; `needed` are the columns that `where` of params.yaml names.

    A text file is UTF-8, with or without a mark; its delimiter (tab , ; |) is the one that
    finds most of the needed columns.

    Raises:
        CasebookError: no such file, no header, a needed column is missing or stands twice, or
            another encoding or format.
    """
    if not path.is_file():
        raise CasebookError(f"{path}: no such file; fetch it into the raw folder, or correct the name under {where}")
    with path.open("rb") as file:
        sample = file.read(SAMPLE)
    raw = _parquet(connection, path) if sample.startswith(PARQUET_MAGIC) else _text_file(path, sample, needed)
    raw.check(needed, where)
    return raw


def _parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> RawFile:
    table = f"read_parquet({quoted(str(path))}, file_row_number = true)"
    try:
        described = connection.execute(f"describe select * from {table}").fetchall()  # noqa: S608
    except duckdb.Error as error:
        raise CasebookError(f"{path}: not a readable Parquet file: {first_line(error)}") from None
    columns = {name: (quoted(name, '"'), kind) for name, kind, *_ in described if name != "file_row_number"}
    return RawFile(path, table, "file_row_number + 1", columns)


def _text_file(path: Path, sample: bytes, needed: Sequence[str]) -> RawFile:
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in sample[:4]:
        raise CasebookError(f"{path}: not UTF-8 text and not Parquet; save it as CSV in UTF-8 or as Parquet")
    lines = sample.removeprefix(codecs.BOM_UTF8).splitlines()
    first = next((place for place, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise CasebookError(f"{path}: the file is empty; it needs a header line and rows")
    try:
        header = lines[first].decode("utf-8")
    except UnicodeDecodeError:
        refuse_if_not_utf8(path)
        raise
    delimiter, names = _header(header, needed)
    if twice := [name for name in needed if names.count(name) > 1]:
        raise CasebookError(f"{path}: column {twice[0]!r} stands {names.count(twice[0])} times; rename all but one")
    # Names of our own: a header may hold anything.
    types = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(names)))
    table = (
        f"read_csv({quoted(str(path))}, auto_detect = false, header = true, skip = {first}, "
        f"delim = {quoted(delimiter)}, quote = '\"', escape = '\"', columns = {{{types}}})"
    )
    columns = {name: (f"c{place}", "VARCHAR") for place, name in enumerate(names)}
    # Without a partition or an order, rows are numbered as they stand in the file.
    repeated = tuple(dict.fromkeys(name for name in names if names.count(name) > 1))
    return RawFile(path, table, "row_number() over ()", columns, repeated)


def _header(header: str, needed: Sequence[str]) -> tuple[str, list[str]]:
    """The delimiter and the names; the first delimiter of equals."""

    def names(delimiter: str) -> list[str]:
        return [name.strip() for name in next(csv.reader([header], delimiter=delimiter))]

    best = max(DELIMITERS, key=lambda each: (len(set(needed) & set(names(each))), len(names(each))))
    return best, names(best)


def refuse_if_not_utf8(path: Path) -> None:
    """Find the first line of a file that is not UTF-8."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                raise CasebookError(
                    f"{path}: not UTF-8: byte 0x{line[error.start]:02x} in line {number}; convert it with what wrote "
                    f"it, for example: iconv -f WINDOWS-1252 -t UTF-8 {path.name} > {path.stem}.utf8{path.suffix}"
                ) from None


def unreadable(raw: RawFile, error: duckdb.Error) -> CasebookError:
    """What a person can do about rows that DuckDB could not read."""
    if not raw.is_text:
        return CasebookError(f"{raw.path}: not a readable Parquet file: {first_line(error)}; write it anew")
    refuse_if_not_utf8(raw.path)
    lines = [line for line in str(error).splitlines() if line.strip()]
    told = "; ".join(lines[: next((place for place, line in enumerate(lines) if "Possible" in line), 3)])
    return CasebookError(
        f"{raw.path}: cannot be read: {told}; quote values that hold the delimiter, and close all quotes"
    )
