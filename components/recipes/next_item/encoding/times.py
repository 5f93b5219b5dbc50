"""Raw cells as moments: counts since 1970 in one of the units, or dates and times as people and programs write them."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.kits.tables.encoding.cells import Cells
from components.recipes.next_item.encoding.ids import is_missing
from components.recipes.next_item.encoding.numbers import BLANKS, is_text, numbers

SECOND = 1_000_000  # microseconds
DAY = 86_400 * SECOND
MILLISECOND = 1_000
UNITS = {
    "seconds": SECOND, "milliseconds": 1_000, "microseconds": 1, "nanoseconds": 0.001, "days": DAY, "excel_days": DAY,
}  # fmt: skip
EXCEL = 25_569  # days from 1899-12-30, from which spreadsheets count, to 1970
DATETIME: Literal["datetime"] = "datetime"
EXACT = 9e15  # doubles from here on do not hold every whole number
NOT_READ, INFINITE, BEYOND = 1, 2, 3  # what is wrong with a time
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)

PLAIN = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?$"
ZONED = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)$"
DIGITS = re.compile(r"(\d{8})(?:T?(\d{6}(?:Z|[+-]\d\d:?\d\d)?))?", re.ASCII)
SHORT = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?=$|[T ])", re.ASCII)
OFFSET = re.compile(r"\s+([+-]\d\d(:?\d\d)?)$", re.ASCII)
PLACE = re.compile(r"(.*\d)\s+([A-Za-z_]+(?:/[A-Za-z0-9_+-]+)+)", re.ASCII)
UNIVERSAL = re.compile(r"(?<=\d)\s*(?:UTC|GMT|Z)$", re.ASCII)


def moments(cells: Cells, unit: str) -> tuple[np.ndarray, np.ndarray]:
    """Microseconds since 1970 (N,), 0 where there is none, and what is wrong with each cell (N,), 0 for nothing."""
    if unit == DATETIME:
        found, fault = _dates(cells)
    else:
        found = counted(numbers(cells), unit)
        fault = np.where(np.isnan(found), NOT_READ, np.where(np.isinf(found), INFINITE, 0))
    fault = np.where((fault == 0) & ~(np.abs(found) < EXACT), BEYOND, fault).astype(np.int8)
    return np.rint(np.where(fault == 0, found, 0)).astype(np.int64), fault


def counted(counts: np.ndarray, unit: str) -> np.ndarray:
    """Microseconds since 1970 (N,), float64, of counts (N,) in a unit."""
    found: np.ndarray = (counts - (EXCEL if unit == "excel_days" else 0)) * UNITS[unit]
    # The fraction of a day that is a second is none of a float: what is left of it would be the second before.
    return np.rint(found / MILLISECOND) * MILLISECOND if UNITS[unit] == DAY else found


def _dates(cells: Cells) -> tuple[np.ndarray, np.ndarray]:
    if isinstance(cells, pa.Array) and pa.types.is_dictionary(cells.type):
        cells = cells.dictionary_decode()
    if isinstance(cells, pa.Array):
        if pa.types.is_timestamp(cells.type):
            return _without_nat(cells.to_numpy(zero_copy_only=False).astype("datetime64[us]"))
        if pa.types.is_date(cells.type):
            return _dates(cells.cast(pa.timestamp("ms")))
        if is_text(cells.type):
            cells = pc.utf8_trim(cells, BLANKS)
            quick = _cast(cells)
            return _by_value(cells) if quick is None else _without_nat(quick)
        return _of_values([None] * len(cells)) if pa.types.is_nested(cells.type) else _by_value(cells)
    return _of_values([_microseconds(cell) for cell in cells])


def _cast(texts: pa.Array) -> np.ndarray | None:
    """Where all are written the one way or the other that nearly all files have."""
    for pattern, kind in ((PLAIN, pa.timestamp("us")), (ZONED, pa.timestamp("us", "UTC"))):
        if pc.all(pc.match_substring_regex(texts, pattern), min_count=0).as_py():
            try:
                return texts.cast(kind).to_numpy(zero_copy_only=False).astype("datetime64[us]")
            except pa.ArrowInvalid:  # the 30th of February
                return None
    return None


def _by_value(cells: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    encoded = cells.dictionary_encode()  # each different one is read once
    values = [*encoded.dictionary.to_pylist(), None]
    found, fault = _of_values([_microseconds(value) for value in values])
    places = encoded.indices.cast(pa.int64()).fill_null(len(values) - 1).to_numpy(zero_copy_only=False)
    return found[places], fault[places]


def _of_values(values: Sequence[int | None]) -> tuple[np.ndarray, np.ndarray]:
    fault = np.array([value is None for value in values], bool)
    return np.array([value or 0 for value in values], np.float64), fault.astype(np.int8) * NOT_READ


def _without_nat(times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    none = np.isnat(times)
    return np.where(none, 0, times.astype(np.int64)), none.astype(np.int8) * NOT_READ


def _microseconds(value: Any) -> int | None:
    """Since 1970, of a cell as a date or time; in UTC where it names no zone; None where it is none.

    A year alone, or a month, is no time of an event: it has no order among those of its year.
    """
    if isinstance(value, str):
        return _of_text(value.strip())
    if isinstance(value, (bool, np.bool_)) or is_missing(value):
        return None
    if isinstance(value, np.datetime64):
        return int(value.astype("datetime64[us]").astype(np.int64))
    if isinstance(value, datetime):
        return _since(value)
    if isinstance(value, date):
        return _since(datetime(value.year, value.month, value.day))
    if isinstance(value, (int, float, np.number)) and float(value).is_integer():
        return _of_text(str(int(value)))  # 20210105
    return None


def _of_text(text: str) -> int | None:
    if digits := DIGITS.fullmatch(text):
        text = digits[1] + (f"T{digits[2]}" if digits[2] else "")
    elif text[:4].isdigit() and text[4:5] not in "-/":  # ISO's other short forms
        return None
    zone = None
    if named := PLACE.fullmatch(text):
        try:
            text, zone = named[1], ZoneInfo(named[2])
        except (KeyError, ValueError, OSError):
            return None
    text = SHORT.sub(lambda day: f"{day[1]}-{day[2]:0>2}-{day[3]:0>2}", OFFSET.sub(r"\1", text))
    try:
        time = datetime.fromisoformat(UNIVERSAL.sub("Z", text))
        return _since(time.replace(tzinfo=zone) if zone else time)
    except (ValueError, OverflowError):
        return None


def _since(time: datetime) -> int:
    return ((time if time.tzinfo else time.replace(tzinfo=UTC)) - EPOCH) // MICROSECOND
