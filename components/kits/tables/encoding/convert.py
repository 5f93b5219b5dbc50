"""Frames of raw cells to frames of typed columns, by the rules of `values`: for preparing, and around predicting."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from components.kits.tables.encoding.cells import cells_of, columns_of_frame
from components.kits.tables.encoding.reader import RowReader
from components.kits.tables.encoding.spec import Column
from components.kits.tables.encoding.values import TypedRows, Values, floats, read_cells

STRING: Any = pd.StringDtype(na_value=np.nan)  # the dtype that pandas calls "str"


@dataclass(frozen=True)
class Typed:
    """`frame` has the spec's columns: float64, `boolean`, datetime64[us] or str, missing where there is
    no value or no readable one; `unreadable` says which cells of a column (N,) are the latter."""

    frame: pd.DataFrame
    unreadable: dict[str, np.ndarray]


def convert(frame: pd.DataFrame, columns: Mapping[str, Column], missing: Iterable[str]) -> Typed:
    """Type each of `columns`; cells may be strings as a CSV has them, or typed already."""
    missing = tuple(missing)
    read = {name: read_cells(cells_of(frame[name]), column, missing) for name, column in columns.items()}
    typed = {name: values for name, (values, _) in read.items()}
    return Typed(frame_of(typed, frame.index), {name: unreadable for name, (_, unreadable) in read.items()})


def clean(frame: pd.DataFrame, data: Mapping[str, Any], *, warn: bool = True) -> pd.DataFrame:
    """Raw rows to typed ones as `RowReader.read` does it, in the rows' order and with their index.

    `data` is `Meta.data` of a prepared table. Who has been told of strange cells need not `warn` of them again.
    """
    reader = RowReader.of(data)
    reader.check_names(frame.columns)
    cells = columns_of_frame(frame, reader.columns)
    return frame_of(reader.read(cells) if warn else reader.look(cells).typed, frame.index)


def frame_of(typed: TypedRows, index: pd.Index) -> pd.DataFrame:
    """Typed rows as a frame."""
    return pd.DataFrame({name: _for_a_frame(values) for name, values in typed.items()}, index=index)


def beside_key(rows: pd.DataFrame, key: Iterable[str], answer: Mapping[str, Any]) -> pd.DataFrame:
    """An answer's columns (N,) beside those of the key that the rows (N) have."""
    found = rows[[name for name in key if name in rows]].reset_index(drop=True)
    return pd.concat([found, pd.DataFrame(answer)], axis=1)


def typed_rows(frame: pd.DataFrame, names: Iterable[str]) -> TypedRows:
    """The named columns of a frame of typed rows, such as a prepared file."""
    return {name: values_of(frame[name]) for name in names}


def values_of(column: pd.Series) -> Values:
    """The values of a typed column, as `convert` or a prepared file gives it."""
    if column.dtype.kind == "M":
        return column.to_numpy("datetime64[us]")
    if column.dtype.kind == "b":
        return pa.array(column, pa.bool_(), from_pandas=True)
    if column.dtype.kind in "iuf":
        return column.to_numpy(np.float64, na_value=np.nan)
    text = pa.array(column.astype("str"), pa.large_string(), from_pandas=True)
    return text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text


def as_floats(column: pd.Series) -> np.ndarray:
    """A typed column (N,) that is no text, as `values.floats`."""
    return floats(values_of(column))


def _for_a_frame(values: Values) -> Any:
    if isinstance(values, np.ndarray):
        return values
    if pa.types.is_boolean(values.type):
        known = values.is_valid().to_numpy(zero_copy_only=False)
        return pd.arrays.BooleanArray(values.fill_null(False).to_numpy(zero_copy_only=False), ~known)
    return STRING.__from_arrow__(values)
