"""Cells of JSON to typed values, a column at a time: plain ones by what is known of them, all others as anywhere."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from components.kits.tables.encoding.absent import without_sentinels
from components.kits.tables.encoding.cells import EXACT, Cells, as_cells
from components.kits.tables.encoding.features import CategoricalFeature
from components.kits.tables.encoding.reader import Read, RowReader
from components.kits.tables.encoding.spec import Column
from components.kits.tables.encoding.values import LARGEST, Values
from components.kits.tables.quick.encoding import QuickTyped

MOST_TEXTS = 10_000  # of a column that are remembered
LONGEST_TEXT = 200  # characters of one: blanks around a class are without end
MISSING = object()


@dataclass
class Plain:
    """A column whose cells are all plain: typed values (N,), and codes (N,) or numbers (N,) where it has them."""

    values: Values
    codes: np.ndarray | None = None
    numbers: np.ndarray | None = None


Quick = Callable[[Sequence[Any]], Plain | None]  # None where a cell is not plain


class QuickReader:
    """Reads rows as `RowReader.look` does, which is asked for every column that has a cell that is not plain."""

    def __init__(self, reader: RowReader, features: Sequence[CategoricalFeature]) -> None:
        self.columns = reader.columns
        known = {feature.name: feature for feature in features}
        self._single = {
            name: RowReader(
                {name: column},
                reader.missing,
                {one: reader.spellings[one] for one in [name] if one in reader.spellings},
            )
            for name, column in reader.columns.items()
        }
        self._quick = {
            name: _quick(column, self._single[name], known.get(name)) for name, column in self.columns.items()
        }

    def look(self, rows: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Cells], Read]:
        """Rows as JSON has them, at least one: their cells by column, and what is read."""
        cells: dict[str, Cells] = {}
        typed: dict[str, Values] = {}
        codes: dict[str, np.ndarray] = {}
        numbers: dict[str, np.ndarray] = {}
        unreadable: dict[str, np.ndarray] = {}
        ruled: dict[str, Mapping[str, np.ndarray]] = {}
        for name, quick in self._quick.items():
            given = [row.get(name) for row in rows]
            plain = quick(given) if quick is not None else None
            if plain is None:
                cells[name] = as_cells(given)
                found = self._single[name].look({name: cells[name]})
                typed[name] = found.typed[name]
                unreadable |= found.unreadable
                ruled |= found.ruled
                continue
            cells[name], typed[name] = given, plain.values
            if plain.codes is not None:
                codes[name] = plain.codes
            if plain.numbers is not None:
                numbers[name] = plain.numbers
        return cells, Read(QuickTyped(typed, codes, numbers), unreadable, ruled)


def _quick(column: Column, alone: RowReader, feature: CategoricalFeature | None) -> Quick | None:
    """How plain cells of a column are read; None where none are."""
    if column.kind in ("numeric", "amount"):
        return _numbers(column)
    if column.kind == "boolean":
        return _truths(alone)
    if column.kind in ("categorical", "band") and feature is not None:
        return Classes(alone, feature)
    return None


def _numbers(column: Column) -> Quick:
    low, high = (getattr(column, end, None) for end in ("min", "max"))
    low, high = (-LARGEST if low is None else low), (LARGEST if high is None else high)
    low, high = max(low, -LARGEST), min(high, LARGEST)

    def quick(cells: Sequence[Any]) -> Plain | None:
        for cell in cells:
            kind = type(cell)
            if kind is float or cell is None:
                continue
            if kind is not int or not -EXACT <= cell <= EXACT:
                return None
        values = np.array(cells, dtype=np.float64)
        # A cell that breaks a rule, or is beyond all bounds, is told by the reader.
        if (values < low).any() or (values > high).any():
            return None
        values = without_sentinels(values, column)
        return Plain(values, numbers=values)

    return quick


def _truths(alone: RowReader) -> Quick | None:
    (name,) = alone.columns
    found = alone.look({name: [True, False, None]})
    values: Any = found.typed[name]  # of Arrow, as truths are
    if found.unreadable or values.to_pylist() != [True, False, None]:
        return None  # one of the words stands for no value here

    def quick(cells: Sequence[Any]) -> Plain | None:
        if any(cell is not None and cell is not True and cell is not False for cell in cells):
            return None
        return Plain(
            pa.array(cells, pa.bool_()), numbers=np.array([math.nan if one is None else one for one in cells], float)
        )

    return quick


@dataclass
class Classes:
    """Texts that have been read before, and are classes of training: what each is read as, and its code."""

    alone: RowReader
    feature: CategoricalFeature
    known: dict[str | None, tuple[str | None, int]] = field(default_factory=dict)

    def __call__(self, cells: Sequence[Any]) -> Plain | None:
        found = []
        for cell in cells:
            one = self.known.get(cell) if cell is None or type(cell) is str else None
            if one is None and (one := self._read(cell)) is None:
                return None
            found.append(one)
        codes = np.array([code for _, code in found], dtype=np.int64)
        return Plain(pa.array([label for label, _ in found], pa.large_string()), codes=codes)

    def _read(self, cell: Any) -> tuple[str | None, int] | None:
        if not (cell is None or (type(cell) is str and len(cell) <= LONGEST_TEXT)):
            return None
        (name,) = self.alone.columns
        read = self.alone.look({name: as_cells([cell])})
        values = read.typed[name]
        codes, unknown = self.feature.encode(values)
        if read.unreadable or read.ruled or unknown:
            return None
        if len(self.known) >= MOST_TEXTS:
            self.known.clear()  # else who sends so many spellings once makes the column slow for all who come after
        found = self.known[cell] = (values[0].as_py(), int(codes[0]))
        return found
