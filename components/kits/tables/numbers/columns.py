"""Columns of a frame or of a file, looked at for how their numbers are written."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa

from components.core.errors import CasebookError
from components.kits.tables.dialect import find_dialect, read_sample
from components.kits.tables.encoding.cells import cells_of
from components.kits.tables.encoding.reading import AS_IT_IS, Reading
from components.kits.tables.encoding.text import as_text
from components.kits.tables.numbers.decide import Stated, Writing, decide
from components.kits.tables.numbers.marks import Marks
from components.kits.tables.unpack import PARQUET, first_bytes, in_utf8, is_workbook, unpacked


def texts_of(column: pd.Series) -> pa.Array | None:
    """Cells (N,) that are texts, null elsewhere; None of a column that has a type: its numbers are numbers."""
    cells = cells_of(column)
    if isinstance(cells, pa.Array):
        is_text = pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type)
        return cells if is_text else None
    return pa.array([cell if isinstance(cell, str) else None for cell in cells], pa.large_string())


def look(marks: Marks, column: pd.Series, missing: Iterable[str]) -> None:
    """Add a column's cells to what is known of it."""
    texts = texts_of(column)
    present = None if texts is None else as_text(texts, missing).drop_null()
    if present is not None and len(present):
        found = present.value_counts()
        marks.add(found.field("values"), found.field("counts").to_numpy())


def look_at(frame: pd.DataFrame, names: Iterable[str], missing: Iterable[str]) -> dict[str, Marks]:
    missing = tuple(missing)
    found = {name: Marks(name) for name in names}
    for name, marks in found.items():
        look(marks, frame[name], missing)
    return found


def find_writing(
    path: Path, frame: pd.DataFrame, missing: Iterable[str], stated: Stated, reading: Reading = AS_IT_IS
) -> Writing:
    """How a file that nobody has described writes its numbers; `frame` is all of it.

    Raises:
        CasebookError: see `decide`.
    """
    try:
        return decide(look_at(frame, frame.columns, missing), delimiter_of(path, reading), stated)
    except CasebookError as error:
        raise CasebookError(f"{path}: {error}") from None


def delimiter_of(path: Path, reading: Reading = AS_IT_IS) -> str | None:
    """What stands between the fields of a CSV file; None of any other."""
    with unpacked(path, reading) as file:
        if first_bytes(file).startswith(PARQUET) or is_workbook(file):
            return None
        with in_utf8(file, path, reading) as text:
            return find_dialect(path, read_sample(text)).delimiter


def decimals_of(columns: Mapping[str, object]) -> dict[str, str]:
    """The decimal mark that each column is read with."""
    return {name: getattr(column, "decimal", ".") for name, column in columns.items()}
