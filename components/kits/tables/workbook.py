"""A sheet of a workbook (Excel's .xlsx, .xlsb and .xls, OpenDocument's .ods) as a frame."""

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from components.core.errors import CasebookError, nearest
from components.kits.tables.charset import tell
from components.kits.tables.dialect import header_place, left_out, unique_names
from components.kits.tables.encoding.reading import Reading
from components.kits.tables.totals import count_totals, left_out_below, word_of_totals
from components.kits.tables.unpack import check_size

Row = list[Any]


def read_sheet(file: Path, path: Path, reading: Reading) -> pd.DataFrame:
    """The sheet that `reading` names, or the only one that has rows, of the workbook `file`, which came with `path`.

    A column of numbers is one, and so is a column of moments; any other is of texts as a CSV has them, and an empty
    cell an empty text. The first row is the header, but for a title above it.

    Raises:
        CasebookError: it is damaged, locked with a password or too large, there is no such sheet or none is named
            among several, or the sheet has no rows.
    """
    from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

    check_size(file, reading)
    try:
        with CalamineWorkbook.from_path(file) as book:
            visible = [sheet.name for sheet in book.sheets_metadata if sheet.visible == SheetVisibleEnum.Visible]
            sheets = {name: _rows(book.get_sheet_by_name(name).to_python()) for name in _wanted(visible, reading)}
    except (CalamineError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise CasebookError(f"{path}: not a readable workbook: {reason}; save the sheet as CSV (UTF-8)") from None
    return _frame(_chosen({name: rows for name, rows in sheets.items() if rows}, visible, path, reading), path)


def _wanted(names: Sequence[str], reading: Reading) -> list[str]:
    return [name for name in names if len(names) == 1 or reading.sheet in (None, name)]


def _chosen(sheets: dict[str, list[Row]], names: Sequence[str], path: Path, reading: Reading) -> list[Row]:
    if len(sheets) == 1:
        return next(iter(sheets.values()))
    there = ", ".join(map(repr, names))
    if reading.sheet is not None and reading.sheet not in names:
        raise CasebookError(f"{path}: no sheet {reading.sheet!r}{nearest(reading.sheet, names)}; there are: {there}")
    if not sheets:
        raise CasebookError(f"{path}: the sheet is empty; it needs a header and rows below it")
    raise CasebookError(
        f"{path}: {len(sheets)} sheets have rows: {', '.join(map(repr, sheets))}; name one: --sheet with "
        "`casebook new`, prepare.read.sheet in a block"
    )


def _rows(rows: list[Row]) -> list[Row]:
    return [row for row in rows if any(cell != "" for cell in row)]


def _frame(rows: list[Row], path: Path) -> pd.DataFrame:
    place = header_place([[_text(cell) for cell in row] for row in rows[:20]])
    if place:
        tell(left_out(path, [[_text(cell) for cell in row if cell != ""] for row in rows[:place]]))
    names = unique_names(path, [_text(cell) for cell in rows[place]])
    if len(rows) == place + 1:
        raise CasebookError(f"{path}: the sheet has a header but no rows")
    texts = (
        [[_text(cell) for cell in row] for row in rows[place + 1 :]]
        if word_of_totals([_text(cell) for cell in rows[-1]])
        else []
    )
    if totals := count_totals(texts, whole=True):
        tell(left_out_below(path, texts[-totals:]))
    columns = zip(*rows[place + 1 : len(rows) - totals], strict=True)
    return pd.DataFrame({name: _column(list(cells)) for name, cells in zip(names, columns, strict=True)})


def _column(cells: list[Any]) -> pd.Series:
    """Of one type where all that is written in it is."""
    types = {type(cell) for cell in cells if cell != ""}
    gaps = [None if cell == "" else cell for cell in cells]
    if types and types <= {int, float}:
        whole = all(cell is not None and float(cell).is_integer() and abs(cell) < 2**53 for cell in gaps)
        return pd.Series([int(cell) for cell in cells]) if whole else pd.Series(gaps, dtype="float64")
    if types and types <= {datetime.date, datetime.datetime}:
        return pd.to_datetime(pd.Series(gaps, dtype="object"), errors="coerce").astype("datetime64[us]")
    return pd.Series([_text(cell) for cell in cells], dtype="str")


def _text(cell: Any) -> str:
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    return str(cell)
