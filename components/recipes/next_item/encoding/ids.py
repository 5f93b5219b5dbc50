"""Ids of users and items in one normal form: 12 and 12.0, with blanks around or not, in whatever form of Unicode."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from components.core.errors import CasebookError
from components.kits.tables.encoding.cells import Cells

DOUBLES, SINGLES = 2**53, 2**24  # from here on floats of 64 and 32 bits do not hold every whole number
WHOLE = re.compile(r"(-?[1-9]\d*|0)\.0+", re.ASCII)
ROUNDED = re.compile(r"-?\d\.\d+E\+\d\d+", re.ASCII)
LINE_END = re.compile("[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")

# How ids were written otherwise than they are read.
POINT = "end in .0: read as whole numbers"
BLANK = "have blanks around them: read without"
COMPOSED = "are not in Unicode's form NFC: read in it"

# What no id can be, and what to do.
WITH_NUL = "hold a NUL: write the file anew, without"
WITH_LINES = "hold the end of a line: close the quotes, or take the line ends out"
SCIENTIFIC = "are rounded numbers of a spreadsheet: write them in full"
TOO_LONG = "are floats past what floats hold exactly: give them as whole numbers or as texts"
NO_ID = "are no texts and no whole numbers: write them as one of these"

_NESTED = (Decimal, bytes, bytearray, memoryview, list, tuple, dict, set, frozenset, np.ndarray)


@dataclass(frozen=True)
class Fault:
    """`count` cells that can be no ids; `place` is the first one's, `example` how it begins."""

    reason: str
    count: int
    place: int
    example: str


@dataclass
class Ids:
    """`texts` (N,), "" where there is none; `forms` counts those that were written otherwise, with an example."""

    texts: np.ndarray
    forms: dict[str, tuple[int, str]] = field(default_factory=dict)
    fault: Fault | None = None

    def checked(self, name: str) -> np.ndarray:
        """The texts.

        Raises:
            CasebookError: a cell of the column `name` can be no id.
        """
        if self.fault is not None:
            raise CasebookError(
                f"column {name}: {self.fault.count} id(s), such as {self.fault.example}, {self.fault.reason}"
            )
        return self.texts


def read_ids(cells: Cells, missing: Sequence[str] = ()) -> Ids:
    """Ids of raw cells (N,); `missing` are texts, in any case, that mean that there is none."""
    if not isinstance(cells, pa.Array):
        return _read(list(cells), missing, np.arange(len(cells)), DOUBLES)
    if not may_be_ids(cells.type):
        first = next((place for place, cell in enumerate(cells) if cell.is_valid), 0)
        fault = Fault(NO_ID, len(cells) - cells.null_count, first, f"of type {cells.type}")
        return Ids(np.full(len(cells), "", object), {}, fault)
    encoded = cells.dictionary_encode()  # each different one is read once
    values = [*encoded.dictionary.to_pylist(), None]
    places = encoded.indices.cast(pa.int64()).fill_null(len(values) - 1).to_numpy(zero_copy_only=False)
    exact = SINGLES if pa.types.is_float32(encoded.dictionary.type) else DOUBLES
    return _read(values, missing, places, exact)


def may_be_ids(kind: pa.DataType) -> bool:
    """Whether a column of this type can hold ids."""
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return not (pa.types.is_nested(kind) or pa.types.is_decimal(kind) or _is_binary(kind))


def _is_binary(kind: pa.DataType) -> bool:
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)


def normal(text: str) -> str:
    """The one form of an id that is a text."""
    text = text.strip()
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return text.partition(".")[0] if ".0" in text and WHOLE.fullmatch(text) else text


def _read(values: Sequence[Any], missing: Sequence[str], places: np.ndarray, exact: int) -> Ids:
    """Of different values and the place (N,) of each cell's among them."""
    none = {text.strip().lower() for text in missing}
    texts = np.empty(len(values), object)
    forms: dict[str, list[int]] = {}
    faults: dict[str, list[int]] = {}
    for place, value in enumerate(values):
        text, form, reason = _id_of(value, exact)
        texts[place] = "" if text.lower() in none else text
        if reason:
            faults.setdefault(reason, []).append(place)
        elif form and texts[place]:
            forms.setdefault(form, []).append(place)
    counts = np.bincount(places, minlength=len(values)) if forms or faults else None
    found = {form: (int(counts[many].sum()), values[many[0]]) for form, many in forms.items()}  # type: ignore[index]
    return Ids(texts[places], found, _fault(values, faults, places))


def _fault(values: Sequence[Any], faults: dict[str, list[int]], places: np.ndarray) -> Fault | None:
    for reason, many in faults.items():
        cells = np.flatnonzero(np.isin(places, many))
        if len(cells):
            return Fault(reason, len(cells), int(cells[0]), f"{str(values[places[cells[0]]])[:60]!r}")
    return None


def _id_of(value: Any, exact: int) -> tuple[str, str | None, str | None]:
    """The id, how it was written otherwise, and why it can be none."""
    if isinstance(value, str):
        return _text_id(value)
    if isinstance(value, _NESTED):
        return "", None, NO_ID
    if is_missing(value):
        return "", None, None
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        exact = SINGLES if isinstance(value, np.float32) else exact
        return str(int(value)), None, TOO_LONG if abs(float(value)) >= exact else None
    return str(value).strip(), None, None


def _text_id(value: str) -> tuple[str, str | None, str | None]:
    bare, text = value.strip(), normal(value)
    if "\0" in text:
        return text, None, WITH_NUL
    if LINE_END.search(text):
        return text, None, WITH_LINES
    if "+" in text and ROUNDED.fullmatch(text):
        return text, None, SCIENTIFIC
    if text != bare:
        return text, POINT if text.isascii() else COMPOSED, None
    return text, BLANK if bare != value else None, None


def is_missing(value: Any) -> bool:
    """Whether a cell that is no text holds nothing."""
    try:
        return value is None or bool(value != value)  # NaN, and a date that is none
    except TypeError:  # pandas' NA is not even unlike itself
        return True
    except ValueError:  # an array, which is something
        return False


def id_texts(cells: Cells, missing: Sequence[str] = (), name: str = "of ids") -> np.ndarray:
    """Ids (N,) as the model has them, "" where there is none.

    Raises:
        CasebookError: a cell of the column `name` can be no id.
    """
    return read_ids(cells, missing).checked(name)


def places_of(ids: Iterable[str | None]) -> dict[str, int]:
    """The place of each id, also of one that an older bundle has in another form; None is nobody's."""
    places = {text: place for place, text in enumerate(ids) if text is not None}
    for text in [text for text in places if ".0" in text or not text.isascii()]:
        places.setdefault(normal(text), places[text])
    return places
