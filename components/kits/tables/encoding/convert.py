"""Raw cells to typed columns, by one set of rules for preparing and for predicting."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import TypeAdapter

from components.core.errors import CasebookError
from components.kits.tables.encoding.spec import AmountColumn, BandColumn, Column, DateColumn
from components.kits.tables.encoding.text import as_amount, as_label, as_number, as_text

log = logging.getLogger(__name__)

TRUE_WORDS = pa.array(["true", "t", "yes", "y", "1", "on", "是", "有"], pa.large_string())
FALSE_WORDS = pa.array(["false", "f", "no", "n", "0", "off", "否", "无"], pa.large_string())
STRING: Any = pd.StringDtype(na_value=np.nan)  # the dtype that pandas calls "str"
MICROSECONDS_PER_DAY = 86_400e6
LARGEST = 1e100  # what is beyond stands for infinity, as the largest double often does

COLUMNS: TypeAdapter[dict[str, Column]] = TypeAdapter(dict[str, Column])

UNREADABLE = {
    "numeric": "not a number",
    "amount": "not a number as this column writes them",
    "band": "neither a number nor the name of a band",
    "boolean": "neither a yes nor a no",
    "date": "not a date in this column's formats",
}
Rule = Callable[[Any], Any]  # values (N,), of numpy or pandas, to booleans (N,)
Converted = tuple[Any, np.ndarray]  # an array of values (N,), and which cells are unreadable (N,)


@dataclass(frozen=True)
class Typed:
    """`frame` has the spec's columns: float64, `boolean`, datetime64[us] or str, missing where there is
    no value or no readable one; `unreadable` says which cells of a column (N,) are the latter."""

    frame: pd.DataFrame
    unreadable: dict[str, np.ndarray]


def convert(frame: pd.DataFrame, columns: Mapping[str, Column], missing: Iterable[str]) -> Typed:
    """Type each of `columns`; cells may be strings as a CSV has them, or typed already."""
    typed, unreadable = {}, {}
    for name, column in columns.items():
        typed[name], unreadable[name] = CONVERTERS[column.kind](frame[name], column, missing)
    return Typed(pd.DataFrame(typed, index=frame.index), unreadable)


def rules(column: Column) -> dict[str, Rule]:
    """What else a readable value must be: by what to call a breach, the test that a column's values pass."""
    found: dict[str, Rule] = {}
    low, high = getattr(column, "min", None), getattr(column, "max", None)
    if low is not None:
        found[f"below {low:g}"] = lambda values: ~(values < low)
    if high is not None:
        found[f"above {high:g}"] = lambda values: ~(values > high)
    return found


def infinite(numbers: np.ndarray) -> np.ndarray:
    """Where numbers (N,) are beyond what can be computed with."""
    return np.abs(numbers) > LARGEST


def as_floats(values: pd.Series) -> np.ndarray:
    """A typed column (N,) that is no text as float64: booleans as 0 and 1, dates in days since 1970, missing as NaN."""
    if values.dtype.kind == "M":
        moments = values.to_numpy("datetime64[us]")
        return np.where(np.isnat(moments), np.nan, moments.astype(np.int64) / MICROSECONDS_PER_DAY)
    return values.to_numpy(np.float64, na_value=np.nan)


def clean(frame: pd.DataFrame, data: Mapping[str, Any]) -> pd.DataFrame:
    """Raw rows to the typed columns that `TableEncoder.encode` takes, in the rows' order and with their index.

    `data` is `Meta.data` of a prepared table. Cells that break a rule count as missing, with a
    warning that names the column, the count and an example; so do infinite ones. A category may
    be a new one. Columns that the model does not use, the target among them, may be there or not.

    Raises:
        CasebookError: columns that the model uses are not there.
    """
    columns = COLUMNS.validate_python(data["spec"]["columns"])
    if absent := [name for name in columns if name not in frame.columns]:
        raise CasebookError(f"the rows lack {len(absent)} column(s) that the model uses: {', '.join(absent)}")
    typed = convert(frame, columns, data["spec"]["missing"])
    for name, column in columns.items():
        values = typed.frame[name]
        broken = typed.unreadable[name].copy()
        if column.kind in ("numeric", "amount"):
            numbers = values.to_numpy()
            broken |= infinite(numbers)
            for holds in rules(column).values():
                broken |= ~holds(numbers)
        if broken.any():
            first = frame[name][broken].iloc[0]
            log.warning("column %s: %d cell(s) taken as missing, such as %r", name, broken.sum(), first)
            typed.frame[name] = values.mask(broken)
    return typed.frame


def _numeric(cells: pd.Series, _: Any, missing: Iterable[str]) -> Converted:
    if pd.api.types.is_numeric_dtype(cells.dtype):  # booleans too
        return cells.to_numpy(np.float64, na_value=np.nan), np.zeros(len(cells), dtype=bool)
    return as_number(as_text(cells, missing))


def _amount(cells: pd.Series, column: AmountColumn, missing: Iterable[str]) -> Converted:
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return _numeric(cells, column, missing)
    return as_amount(as_text(cells, missing), column.thousands, column.decimal, column.unit)


def _categorical(cells: pd.Series, _: Any, missing: Iterable[str]) -> Converted:
    return _strings(as_label(as_text(cells, missing))), np.zeros(len(cells), dtype=bool)


def _band(cells: pd.Series, column: BandColumn, missing: Iterable[str]) -> Converted:
    label = as_label(as_text(cells, missing))
    numbers, no_number = as_number(label)
    bands = pc.take(pa.array(column.labels, pa.large_string()), pa.array(np.searchsorted(column.edges, numbers)))
    # searchsorted puts NaN behind all edges: it is no number, and stays without a band.
    bands = pc.if_else(pa.array(np.isnan(numbers)), None, bands)
    named = pc.is_in(label, value_set=pa.array(column.labels, pa.large_string()))
    unreadable = no_number & ~named.to_numpy(zero_copy_only=False)
    return _strings(pc.if_else(named, label, bands)), unreadable


def _text(cells: pd.Series, _: Any, missing: Iterable[str]) -> Converted:
    return _strings(as_text(cells, missing)), np.zeros(len(cells), dtype=bool)


def _boolean(cells: pd.Series, _: Any, missing: Iterable[str]) -> Converted:
    words = pc.utf8_lower(as_label(as_text(cells, missing)))
    yes, no = (pc.is_in(words, value_set=known).to_numpy(zero_copy_only=False) for known in (TRUE_WORDS, FALSE_WORDS))
    unreadable = words.is_valid().to_numpy(zero_copy_only=False) & ~yes & ~no
    return pd.arrays.BooleanArray(yes, ~yes & ~no), unreadable


def _date(cells: pd.Series, column: DateColumn, missing: Iterable[str]) -> Converted:
    """Times in a zone become UTC; then no zone is kept."""
    if pd.api.types.is_datetime64_any_dtype(cells.dtype):
        left, moments = cells, pd.to_datetime(cells, utc=True)
    else:
        left = pd.Series(_strings(as_text(cells, missing)))
        moments = pd.Series(pd.NaT, index=left.index, dtype="datetime64[us, UTC]")
        for pattern in column.formats:
            left = left.where(moments.isna())
            moments = moments.fillna(pd.to_datetime(left, format=pattern, errors="coerce", utc=True))
    unreadable = (moments.isna() & left.notna()).to_numpy()
    return moments.dt.tz_localize(None).dt.as_unit("us").array, unreadable


def _strings(text: pa.Array) -> Any:
    return STRING.__from_arrow__(text)


CONVERTERS: dict[str, Callable[..., Converted]] = {
    "numeric": _numeric,
    "amount": _amount,
    "categorical": _categorical,
    "band": _band,
    "boolean": _boolean,
    "date": _date,
    "text": _text,
}
