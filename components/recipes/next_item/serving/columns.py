"""Raw cells of a column as ids, numbers and moments: arrays of numpy and Arrow, no frame."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.kits.tables.encoding.cells import Cells
from components.recipes.next_item.encoding.catalogue import as_ids

UNITS = {"seconds": 1_000_000, "milliseconds": 1_000, "microseconds": 1}  # in microseconds
EXACT = 9e15  # doubles from here on do not hold every whole number
NUMBER = r"^[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|(?i:inf|infinity))$"
DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


def id_texts(cells: Cells, missing: Sequence[str] = ()) -> np.ndarray:
    """Ids (N,) as the model has them, "" where there is none or one of the texts, in any case, that mean so."""
    if not isinstance(cells, pa.Array):
        return _without(as_ids(cells), missing)
    encoded = cells.dictionary_encode()  # each different one is read once
    texts = _without(as_ids([*encoded.dictionary.to_pylist(), None]), missing)
    places = encoded.indices.cast(pa.int64()).fill_null(len(texts) - 1)
    found: np.ndarray = texts[places.to_numpy(zero_copy_only=False)]
    return found


def _without(texts: np.ndarray, missing: Sequence[str]) -> np.ndarray:
    none = {text.strip().lower() for text in missing}
    texts[np.array([text.lower() in none for text in texts], bool)] = ""
    return texts


def numbered(texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The place (N,) of each text among the different ones, and these in the order in which they first stand."""
    places: dict[str, int] = {}
    found = np.fromiter((places.setdefault(text, len(places)) for text in texts), np.int64, len(texts))
    return found, np.array(list(places), object)


def numbers(cells: Cells) -> np.ndarray:
    """Cells as float64 (N,), NaN where there is no plain number."""
    if not isinstance(cells, pa.Array):
        texts = [cell if isinstance(cell, str) else None for cell in cells]
        return np.where([text is None for text in texts], [_number(cell) for cell in cells], _text_numbers(texts))
    if pa.types.is_dictionary(cells.type):
        return numbers(cells.dictionary_decode())
    if pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type):
        return _text_numbers(cells)
    if pa.types.is_temporal(cells.type):
        cells = cells.cast(pa.int64())
    return _floats(cells)


def moments(cells: Cells, unit: str) -> tuple[np.ndarray, np.ndarray]:
    """Microseconds since 1970 (N,), and which cells (N,) are no time in the data's unit."""
    if unit == "datetime":
        times = _times(cells)
        return times.astype(np.int64), np.isnat(times)
    counts = numbers(cells) * UNITS[unit]
    wrong = ~(np.abs(counts) < EXACT)  # also where there is no number
    return np.rint(np.where(wrong, 0, counts)).astype(np.int64), wrong


def kept(cells: Cells, mask: np.ndarray) -> Cells:
    """The cells where the mask (N,) holds."""
    if isinstance(cells, pa.Array):
        return cells.filter(pa.array(mask))
    return [cell for cell, keep in zip(cells, mask, strict=True) if keep]


def shown(cells: Cells, place: int) -> str:
    """A cell as a message shows it."""
    if not isinstance(cells, pa.Array):
        return str(cells[place])[:60]
    if not cells[place].is_valid:
        return "NaT" if pa.types.is_temporal(cells.type) else "nan"
    return str(cells[place].as_py())[:60]


def _number(cell: Any) -> float:
    """Of a cell that is no text."""
    try:
        return float(cell) if isinstance(cell, (int, float, Decimal, np.number, np.bool_)) else np.nan
    except OverflowError:
        return np.nan


def _text_numbers(texts: "pa.Array | Sequence[str | None]") -> np.ndarray:
    try:
        array = pc.ascii_trim_whitespace(pa.array(texts, pa.large_string()))
    except UnicodeError:  # half a surrogate pair, which is in no number
        array = pc.ascii_trim_whitespace(pa.array([text if text and text.isascii() else None for text in texts]))
    fits = pc.match_substring_regex(array, NUMBER)
    return _floats(pc.if_else(fits, array, None))


def _floats(array: pa.Array) -> np.ndarray:
    found: np.ndarray = array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return found


def _times(cells: Cells) -> np.ndarray:
    """Dates and times (N,) as datetime64[us] in UTC, NaT where there is none."""
    if isinstance(cells, pa.Array):
        if pa.types.is_timestamp(cells.type):
            return cells.to_numpy(zero_copy_only=False).astype("datetime64[us]")
        if pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type):
            cells = cells.to_pylist()
    if not isinstance(cells, pa.Array) and all(cell is None or isinstance(cell, str) for cell in cells):
        try:
            return np.array([None if cell is None else _microseconds(cell) for cell in cells], "datetime64[us]")
        except ValueError:
            pass
    return _other_times(cells)


def _microseconds(text: str) -> int:
    """Since 1970, of a date or time as nearly all files have them; in UTC where it names no zone.

    Raises:
        ValueError: it is written otherwise, or is no date.
    """
    if not DATE.fullmatch(text):
        raise ValueError(text)
    time = datetime.fromisoformat(text)
    return ((time if time.tzinfo else time.replace(tzinfo=UTC)) - EPOCH) // MICROSECOND


def _other_times(cells: Cells) -> np.ndarray:
    import pandas as pd  # it reads all that ISO 8601 allows, and only who has such dates pays for loading it

    column = cells.to_pandas() if isinstance(cells, pa.Array) else pd.Series(list(cells), dtype=object)
    times = pd.to_datetime(column, utc=True, errors="coerce", format="ISO8601")
    return times.dt.tz_localize(None).to_numpy("datetime64[us]")
