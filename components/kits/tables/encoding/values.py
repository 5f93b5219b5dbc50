"""Raw cells to typed values, a column at a time and by its kind: arrays of numpy and Arrow, no frame."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.kits.tables.encoding.absent import no_value, without_sentinels
from components.kits.tables.encoding.cells import Cells
from components.kits.tables.encoding.laboratory import without_marks
from components.kits.tables.encoding.spec import AmountColumn, BandColumn, Column, DateColumn, NumericColumn
from components.kits.tables.encoding.text import as_amount, as_label, as_number, as_text
from components.kits.tables.encoding.years import up_to

# The typed values (N,) of a column: numbers as float64, NaN where missing, dates as datetime64[us], NaT where missing,
# truths and texts as Arrow's bool and large_string with nulls.
Values: TypeAlias = np.ndarray | pa.Array
TypedRows: TypeAlias = Mapping[str, Values]
Converted = tuple[Values, np.ndarray]  # values (N,), and which cells are unreadable (N,)
Rule = Callable[[Any], Any]  # values (N,), of numpy or pandas, to booleans (N,)

TRUE_WORDS = pa.array(["true", "t", "yes", "y", "1", "on", "是", "有"], pa.large_string())
FALSE_WORDS = pa.array(["false", "f", "no", "n", "0", "off", "否", "无"], pa.large_string())
MICROSECONDS_PER_DAY = 86_400e6
LARGEST = 1e100  # what is beyond stands for infinity, as the largest double often does

UNREADABLE = {
    "numeric": "not a number",
    "amount": "not a number as this column writes them",
    "band": "neither a number nor the name of a band",
    "boolean": "neither a yes nor a no",
    "date": "not a date in this column's formats",
}


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


def floats(values: Values) -> np.ndarray:
    """Values (N,) that are no text as float64: truths as 0 and 1, dates in days since 1970, missing ones as NaN."""
    if isinstance(values, pa.Array):
        return _to_numpy(pc.cast(values, pa.float64(), safe=False))
    if values.dtype.kind == "M":
        return np.where(np.isnat(values), np.nan, values.astype(np.int64) / MICROSECONDS_PER_DAY)
    return values


def one_value(values: Values, row: int) -> Any:
    """A row's value as JSON can hold it: a float, True, False or a text, None where it is missing."""
    if isinstance(values, pa.Array):
        return values[row].as_py()
    value = values[row]
    if np.isnan(value):
        return None
    return str(value.item()) if values.dtype.kind == "M" else float(value)


def take(values: Values, index: np.ndarray) -> Values:
    """The values of some rows."""
    return values.take(pa.array(index)) if isinstance(values, pa.Array) else values[index]


def read_cells(cells: Cells, column: Column, missing: Iterable[str]) -> Converted:
    """Raw cells (N,), strings as a CSV has them or typed already, to values of the column's kind."""
    return CONVERTERS[column.kind](cells, column, no_value(column, missing))


def _numeric(cells: Cells, column: NumericColumn | AmountColumn, missing: Iterable[str]) -> Converted:
    if _holds_numbers(cells):
        return without_sentinels(floats(cells), column), np.zeros(len(cells), dtype=bool)
    numbers, broken = as_number(_number_text(cells, column, missing))
    return without_sentinels(numbers, column), broken


def _amount(cells: Cells, column: AmountColumn, missing: Iterable[str]) -> Converted:
    if _holds_numbers(cells):
        return _numeric(cells, column, missing)
    text = _number_text(cells, column, missing)
    numbers, broken = as_amount(text, column.thousands, column.decimal, column.unit, column.suffixes)
    return without_sentinels(numbers, column), broken


def _number_text(cells: Cells, column: NumericColumn | AmountColumn, missing: Iterable[str]) -> pa.Array:
    text = as_text(cells, missing)
    return without_marks(text) if column.laboratory else text


def _categorical(cells: Cells, _: Any, missing: Iterable[str]) -> Converted:
    return as_label(as_text(cells, missing)), np.zeros(len(cells), dtype=bool)


def _band(cells: Cells, column: BandColumn, missing: Iterable[str]) -> Converted:
    label = as_label(as_text(cells, missing))
    numbers, no_number = as_number(label)
    bands = pc.take(pa.array(column.labels, pa.large_string()), pa.array(np.searchsorted(column.edges, numbers)))
    # searchsorted puts NaN behind all edges: it is no number, and stays without a band.
    bands = pc.if_else(pa.array(np.isnan(numbers)), None, bands)
    named = pc.is_in(label, value_set=pa.array(column.labels, pa.large_string()))
    return pc.if_else(named, label, bands), no_number & ~_to_numpy(named)


def _text(cells: Cells, _: Any, missing: Iterable[str]) -> Converted:
    return as_text(cells, missing), np.zeros(len(cells), dtype=bool)


def _boolean(cells: Cells, _: Any, missing: Iterable[str]) -> Converted:
    words = pc.utf8_lower(as_label(as_text(cells, missing)))
    yes, no = (pc.is_in(words, value_set=known) for known in (TRUE_WORDS, FALSE_WORDS))
    known = pc.or_(yes, no)
    return pc.if_else(known, yes, None), _to_numpy(pc.and_(words.is_valid(), pc.invert(known)))


def _date(cells: Cells, column: DateColumn, missing: Iterable[str]) -> Converted:
    """Times in a zone become UTC; then no zone is kept."""
    if isinstance(cells, pa.Array) and pa.types.is_timestamp(cells.type):
        return _to_numpy(cells).astype("datetime64[us]"), np.zeros(len(cells), dtype=bool)
    import pandas as pd  # it reads dates, and only who has some pays for loading it

    text = as_text(cells, missing)
    left = text.to_pandas()
    moments = pd.Series(pd.NaT, index=left.index, dtype="datetime64[us, UTC]")
    for pattern in column.formats:
        left = left.where(moments.isna())
        found = pd.to_datetime(left, format=pattern, errors="coerce", utc=True)
        moments = moments.fillna(up_to(found, column.latest) if column.latest and "%y" in pattern else found)
    unreadable = moments.isna().to_numpy() & _to_numpy(text.is_valid())
    return moments.dt.tz_localize(None).to_numpy("datetime64[us]"), unreadable


def _holds_numbers(cells: Cells) -> bool:
    """Truths are numbers too."""
    if not isinstance(cells, pa.Array):
        return False
    kind = cells.type
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_decimal(kind)
    )


def _to_numpy(array: pa.Array) -> np.ndarray:
    found: np.ndarray = array.to_numpy(zero_copy_only=False)
    return found


CONVERTERS: dict[str, Callable[..., Converted]] = {
    "numeric": _numeric,
    "amount": _amount,
    "categorical": _categorical,
    "band": _band,
    "boolean": _boolean,
    "date": _date,
    "text": _text,
}
