"""Raw cells as numbers, and which of them hold nothing."""

from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.kits.tables.encoding.cells import Cells
from components.recipes.next_item.encoding.ids import is_missing

NUMBER = r"^[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|(?i:inf|infinity))$"
BLANKS = "".join(filter(str.isspace, map(chr, range(0x3001))))  # what str.strip takes off


def is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def numbers(cells: Cells) -> np.ndarray:
    """Cells as float64 (N,), NaN where there is no plain number."""
    if not isinstance(cells, pa.Array):
        texts = [cell if isinstance(cell, str) else None for cell in cells]
        return np.where([text is None for text in texts], [_number(cell) for cell in cells], _text_numbers(texts))
    if pa.types.is_dictionary(cells.type):
        return numbers(cells.dictionary_decode())
    if is_text(cells.type):
        return _text_numbers(cells)
    try:
        return _floats(cells.cast(pa.int64()) if pa.types.is_temporal(cells.type) else cells)
    except pa.ArrowException:  # of lists, say
        return np.full(len(cells), np.nan)


def absent(cells: Cells, missing: Sequence[str]) -> np.ndarray:
    """The cells (N,) that hold nothing, or one of the texts, in any case, that mean so."""
    none = frozenset(("", *(text.strip().lower() for text in missing)))
    if not isinstance(cells, pa.Array):
        return np.array([_is_none(cell, none) for cell in cells], bool)
    if pa.types.is_dictionary(cells.type):
        return absent(cells.dictionary_decode(), missing)
    if is_text(cells.type):
        bare = pc.utf8_lower(pc.utf8_trim(cells, BLANKS))
        empty = pc.or_(pc.is_null(bare), pc.is_in(bare, value_set=pa.array(sorted(none), bare.type)))
    else:
        empty = pc.is_null(cells, nan_is_null=pa.types.is_floating(cells.type))
    found: np.ndarray = empty.to_numpy(zero_copy_only=False)
    named = [] if is_text(cells.type) else _named_numbers(none)
    return found | np.isin(numbers(cells), named) if named else found


@cache
def _named_numbers(none: frozenset[str]) -> list[float]:
    """Numbers that mean nothing, as -1 does."""
    found = numbers(sorted(none))
    return [float(number) for number in found[~np.isnan(found)]]


def _is_none(cell: Any, none: frozenset[str]) -> bool:
    if isinstance(cell, str):
        return cell.strip().lower() in none
    return is_missing(cell) or (isinstance(cell, (int, float, np.number)) and float(cell) in _named_numbers(none))


def _number(cell: Any) -> float:
    """Of a cell that is no text."""
    try:
        return float(cell) if isinstance(cell, (int, float, Decimal, np.number, np.bool_)) else np.nan
    except OverflowError:
        return np.nan


def _text_numbers(texts: "pa.Array | Sequence[str | None]") -> np.ndarray:
    try:
        array = pc.utf8_trim(pa.array(texts, pa.large_string()), BLANKS)
    except UnicodeError:  # half a surrogate pair, which is in no number
        array = pc.utf8_trim(pa.array([text if text and text.isascii() else None for text in texts]), BLANKS)
    fits = pc.match_substring_regex(array, NUMBER)
    return _floats(pc.if_else(fits, array, None))


def _floats(array: pa.Array) -> np.ndarray:
    found: np.ndarray = array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return found
