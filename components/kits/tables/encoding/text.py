"""Cells of any type as text, and text as numbers: Arrow's functions, which are quick for one row and for many."""

import datetime
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
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
    text = plain_characters(text)
    fits = pc.fill_null(pc.match_substring_regex(text, f"{NUMBER}|{INFINITE}"), False)
    return _to_float(text, fits)


def as_amount(
    text: pa.Array, thousands: str, decimal: str, unit: str, suffixes: Mapping[str, float] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Numbers written for people, by the separators, unit and suffixes of `spec.AmountColumn`; otherwise as
    `as_number`.
    """
    text, unit = plain_characters(text), unicodedata.normalize("NFKC", unit)
    suffixes = {unicodedata.normalize("NFKC", name): factor for name, factor in (suffixes or {}).items()}
    fits = pc.fill_null(pc.match_substring_regex(text, amount_pattern(thousands, decimal, unit, suffixes)), False)
    text = pc.replace_substring(text, unit, "") if unit and not suffixes else text
    factor = None
    if suffixes:
        text, factor = _without_suffix(text, unit, suffixes)
    text = pc.replace_substring_regex(text, r"^\s*\((.*)\)\s*$", r"-\1")
    text = pc.replace_substring(text, thousands, "") if thousands else text
    text = pc.replace_substring_regex(pc.replace_substring(text, decimal, "."), r"\s+", "")
    numbers, broken = _to_float(text, fits)
    return (numbers if factor is None else numbers * factor), broken


def amount_pattern(thousands: str, decimal: str, unit: str, suffixes: Iterable[str] = ()) -> str:
    """A regular expression for the whole cell; separators of thousands must have three digits behind them, or with
    commas two and at last three, as in India.
    """
    mark = re.escape(thousands)
    indian = r"|\d{1,2}(,\d{2})+,\d{3}" if thousands == "," else ""
    whole = rf"(\d{{1,3}}({mark}\d{{3}})+{indian}|\d+)" if thousands else r"\d+"
    number = rf"({whole}({re.escape(decimal)}\d*)?|{re.escape(decimal)}\d+)([eE][+-]?\d{{1,4}})?"
    sign, mark = r"[+-]?\s*", re.escape(unit)
    if unit == "%":
        return rf"^({sign}{number}\s*%|\({number}\s*%\))$"
    before, after = (rf"({mark}\s*)?", rf"(\s*{mark})?") if unit else ("", "")
    if suffixes:
        after = rf"(\s*({_alternatives(suffixes)}))?{after}"
    return rf"^(({sign}{before}|{before}{sign}){number}{after}|\({before}{number}{after}\))$"


def plain_characters(text: pa.Array) -> pa.Array:
    """Full-width digits and signs, and the spaces, apostrophes and minus signs that word processors put, as ASCII."""
    if pc.all(pc.string_is_ascii(text)).as_py() is not False:
        return text
    text = pc.replace_substring(pc.utf8_normalize(text, form="NFKC"), "\N{MINUS SIGN}", "-")
    return pc.replace_substring_regex(text, "[\N{RIGHT SINGLE QUOTATION MARK}\N{MODIFIER LETTER APOSTROPHE}]", "'")


def _without_suffix(text: pa.Array, unit: str, suffixes: Mapping[str, float]) -> tuple[pa.Array, np.ndarray]:
    """The texts without unit and suffix, and what each suffix stands for: a power of ten as an exponent, which is
    exact where a product is not (2.3M)."""
    if unit:
        text = pc.replace_substring_regex(text, rf"(\d\D*?)\s*{re.escape(unit)}(\s*\)?\s*)$", r"\1\2")
        text = pc.replace_substring_regex(text, rf"^([^\d]*?){re.escape(unit)}", r"\1")
    factor = np.ones(len(text))
    for name in sorted(suffixes, key=len, reverse=True):
        pattern = rf"(\d[.,]?)\s*{re.escape(name)}(\s*\)?\s*)$"
        there = pc.fill_null(pc.match_substring_regex(text, pattern), False)
        power = math.log10(suffixes[name])
        as_exponent = f"e{round(power)}" if power and power == round(power) else ""
        text = pc.if_else(there, pc.replace_substring_regex(text, pattern, rf"\1{as_exponent}\2"), text)
        if not as_exponent:
            factor[there.to_numpy(zero_copy_only=False)] = suffixes[name]
    return text, factor


def _alternatives(names: Iterable[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


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
