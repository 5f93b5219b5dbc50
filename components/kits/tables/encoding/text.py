"""Cells of any type as text, and text as numbers: Arrow's functions, which are quick for one row and for many."""

import datetime
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.kits.tables.encoding.cells import Cells, cells_of

if TYPE_CHECKING:
    import pandas as pd

NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?$"
INFINITE = r"^[+-]?(?i:inf|infinity)$"


def as_text(cells: "Cells | pd.Series", missing: Iterable[str]) -> pa.Array:
    """Cells (N,) of any type as strings without surrounding blanks, null where there is no value.

    `missing` are further texts, in any case, that stand for no value.
    """
    found: Cells = cells_of(cast("pd.Series", cells)) if hasattr(cells, "iloc") else cells
    if isinstance(found, pa.Array):
        array = pc.cast(found, pa.large_string())
    else:
        array = pa.array([_one_as_text(cell) for cell in found], pa.large_string())
    text = pc.utf8_trim_whitespace(array)
    return pc.if_else(pc.is_in(pc.utf8_lower(text), options=_no_value(tuple(missing))), None, text)


@lru_cache(maxsize=64)  # the same few for every column of every request
def _no_value(missing: tuple[str, ...]) -> pc.SetLookupOptions:
    return pc.SetLookupOptions(pa.array(["", *(token.strip().lower() for token in missing)], pa.large_string()))


def as_label(text: pa.Array) -> pa.Array:
    """`1.0` as `1`: a whole number gets a point as soon as its column has a missing value."""
    return pc.replace_substring_regex(text, r"^([+-]?\d+)\.0+$", r"\1")


def as_name(cells: "pd.Series") -> "pd.Series":
    """Cells (N,) as texts that are equal for one value, however it was stored: as 3, "3" or 3.0."""
    return as_label(as_text(cells, ())).to_pandas().astype(object)


def as_number(text: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Plain numbers as float64 (N,), NaN elsewhere; and where something stands that is none."""
    text = _plain_characters(text)
    fits = pc.fill_null(pc.match_substring_regex(text, f"{NUMBER}|{INFINITE}"), False)
    return _to_float(text, fits)


def as_amount(text: pa.Array, thousands: str, decimal: str, unit: str) -> tuple[np.ndarray, np.ndarray]:
    """Numbers written for people, by the separators and unit of `spec.AmountColumn`; otherwise as `as_number`."""
    text, unit = _plain_characters(text), unicodedata.normalize("NFKC", unit)
    fits = pc.fill_null(pc.match_substring_regex(text, amount_pattern(thousands, decimal, unit)), False)
    text = pc.replace_substring(text, unit, "") if unit else text
    text = pc.replace_substring_regex(text, r"^\s*\((.*)\)\s*$", r"-\1")
    text = pc.replace_substring(text, thousands, "") if thousands else text
    text = pc.replace_substring_regex(pc.replace_substring(text, decimal, "."), r"\s+", "")
    return _to_float(text, fits)


def amount_pattern(thousands: str, decimal: str, unit: str) -> str:
    """A regular expression for the whole cell; separators of thousands must have three digits behind them."""
    whole = rf"(\d{{1,3}}({re.escape(thousands)}\d{{3}})+|\d+)" if thousands else r"\d+"
    number = rf"({whole}({re.escape(decimal)}\d*)?|{re.escape(decimal)}\d+)"
    sign, mark = r"[+-]?\s*", re.escape(unit)
    if unit == "%":
        return rf"^({sign}{number}\s*%|\({number}\s*%\))$"
    before, after = (rf"({mark}\s*)?", rf"(\s*{mark})?") if unit else ("", "")
    return rf"^(({sign}{before}|{before}{sign}){number}{after}|\({before}{number}{after}\))$"


def _plain_characters(text: pa.Array) -> pa.Array:
    """Full-width digits and signs, and the spaces and minus signs that word processors put, as ASCII."""
    if pc.all(pc.string_is_ascii(text)).as_py() is not False:
        return text
    return pc.replace_substring(pc.utf8_normalize(text, form="NFKC"), "\N{MINUS SIGN}", "-")


def _to_float(text: pa.Array, fits: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    numbers = pc.cast(pc.if_else(fits, text, None), pa.float64())
    broken = pc.and_(pc.is_valid(text), pc.invert(fits))
    return numbers.to_numpy(zero_copy_only=False), broken.to_numpy(zero_copy_only=False)


def _one_as_text(cell: Any) -> str | None:
    if _is_missing(cell):
        return None
    if isinstance(cell, (bool, np.bool_)):
        return str(bool(cell)).lower()
    if isinstance(cell, (datetime.date, datetime.datetime)):
        return cell.isoformat()
    text = cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)
    return text.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair is no text


def _is_missing(cell: Any) -> bool:
    if cell is None or isinstance(cell, float):
        return cell is None or cell != cell
    if isinstance(cell, (str, int, bytes, list, tuple, dict)):  # all that JSON and CSV can hold
        return False
    import pandas as pd  # it knows a missing date, decimal or NA

    return bool(pd.api.types.is_scalar(cell) and pd.isna(cell))
