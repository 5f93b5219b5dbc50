"""Raw rows by column, without a frame: the cells as a file, a request or a frame has them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa

from components.core.errors import CasebookError
from components.kits.tables.encoding.spec import ROW

if TYPE_CHECKING:  # who answers a request loads no pandas
    import pandas as pd

# The raw cells (N,) of a column: of one type, null where there is no value, or any Python values.
Cells: TypeAlias = pa.Array | Sequence[Any]
LEAST, MOST = -(2**63), 2**64 - 1  # whole numbers that a column of doubles may have been made of
EXACT = 2**53  # doubles hold all whole numbers up to here
RawRows: TypeAlias = Mapping[str, Cells]


def cells_of(column: "pd.Series") -> Cells:
    """The cells of a column of a frame, in its own type."""
    if column.dtype == object:
        return list(column)
    if getattr(column.dtype, "tz", None) is not None:  # Arrow would ask pandas for what that is about to change
        moments = pa.array(column.dt.tz_convert(None))
        return moments.cast(pa.timestamp(moments.type.unit, pa.lib.tzinfo_to_string(column.dt.tz)))
    array = pa.array(column, from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def columns_of_frame(frame: "pd.DataFrame", names: Iterable[str]) -> dict[str, Cells]:
    """Those of the named columns that the frame has.

    Raises:
        CasebookError: one stands more than once.
    """
    names = [name for name in names if name in frame.columns]
    if not frame.columns.is_unique and (twice := [name for name in names if list(frame.columns).count(name) > 1]):
        raise CasebookError(f"column {twice[0]!r} stands more than once; rename all but one")
    return {name: cells_of(frame[name]) for name in names if name in frame.columns}


def columns_of_rows(rows: Sequence[Mapping[str, Any]]) -> dict[str, Cells]:
    """Rows as JSON has them, by column; a row without one of the columns has no value there."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: as_cells([row.get(name) for row in rows]) for name in names}


def beside(rows: RawRows, key: Iterable[str], answers: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of answers (N,) beside those of the key that the rows (N) have, and if one is missing beside the rows'
    numbers, from 1: as a file of answers has them.
    """
    names = list(key)
    found = {name: rows[name] for name in names if name in rows}
    numbers = {} if len(found) == len(names) else {ROW: np.arange(1, 1 + len(next(iter(answers.values()))))}
    return {**numbers, **found, **answers}


def as_cells(values: Sequence[Any]) -> Cells:
    """Values as JSON has them, of the type that a frame made of them would have.

    A number among numbers with a fraction, or beside a missing one, is a double as they are; values of several
    kinds stay as they stand, and whole numbers that a double does not hold.
    """
    types = {type(value) for value in values}
    known = types - {type(None)}
    try:
        if known == {str}:
            return pa.array(values, pa.large_string())
        if types == {int}:
            return pa.array(values, pa.int64())
        if types == {bool}:
            return pa.array(values, pa.bool_())
        if known and known <= {int, float} and all(type(one) is not int or abs(one) <= EXACT for one in values):
            return pa.array(np.array(values, dtype=np.float64), from_pandas=True)
    except (OverflowError, UnicodeError, pa.ArrowException):  # too long a number, half a surrogate pair
        pass
    return values


def as_frames_have(cells: Cells) -> Cells:
    """Whole numbers that a double does not hold, among fractions or missing ones, as a column of doubles has them."""
    if isinstance(cells, pa.Array) or not {type(value) for value in cells} <= {int, float, type(None)}:
        return cells
    if any(type(one) is int and not LEAST <= one <= MOST for one in cells):
        return cells
    return pa.array(np.array(cells, dtype=np.float64), from_pandas=True)
