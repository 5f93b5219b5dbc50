"""Rows of totals, which spreadsheets put below the data."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from components.kits.tables.encoding.text import NUMBER

SUMS = {
    "total", "totals", "grand total", "sum", "subtotal", "summe", "gesamt", "gesamtsumme", "insgesamt", "somme",
    "total général", "totaal", "totale", "suma", "suma total", "итого", "合计", "总计", "总和", "小计", "合計", "総計",
}  # fmt: skip
OTHERS = {"average", "mean", "durchschnitt", "mittelwert", "moyenne", "promedio", "count", "anzahl", "平均", "平均值"}
NUMERIC = re.compile(r"[^\w\s]?\s?[+-]?[\d][\d.,'\s]*[^\w\s]?")
LOOKED_AT = 200  # rows above it
MOST = 5  # rows of totals below one table
NEARLY = 1e-6  # of a sum, for what was rounded
MOSTLY = 0.95

Rows = Sequence[Sequence[str]]


def count_totals(rows: Rows, *, whole: bool) -> int:
    """How many of the last rows are no data but totals; `whole` says that these are all rows of the table.

    Such a row begins with a word for it and has numbers beside it. The word stands in a column that is of numbers
    otherwise, or one of the numbers is the sum of those above it.
    """
    count = 0
    while count < MOST and len(rows) - count > 1 and _is_total(rows[len(rows) - count - 1], rows, count, whole=whole):
        count += 1
    return count


def word_of_totals(cells: Sequence[str]) -> str | None:
    """The first value of a row, if it is a word for totals."""
    first = next((cell.strip() for cell in cells if cell.strip()), "")
    return first if first.rstrip(" :：").casefold() in SUMS | OTHERS else None


def left_out_below(path: Path, rows: Rows) -> str:
    """What to say of rows of totals."""
    shown = "; ".join(", ".join(row)[:80] for row in rows)
    word = word_of_totals(rows[0])
    return f"{path}: the last {len(rows)} row(s) are left out: {word!r} says that they are totals: {shown}"


def _is_total(row: Sequence[str], rows: Rows, below: int, *, whole: bool) -> bool:
    word = word_of_totals(row)
    if word is None:
        return False
    place = next(place for place, cell in enumerate(row) if cell.strip() == word)
    beside = [(at, cell.strip()) for at, cell in enumerate(row) if at != place and cell.strip()]
    if not beside or not all(NUMERIC.fullmatch(cell) for _, cell in beside):
        return False
    end = len(rows) - below - 1
    data = [one for one in rows[max(0, end - LOOKED_AT) : end] if word_of_totals(one) is None]
    above = [found for one in data if (found := one[place].strip())]
    if above and sum(NUMERIC.fullmatch(cell) is not None for cell in above) >= MOSTLY * len(above):
        return True
    known = whole and word.rstrip(" :：").casefold() in SUMS
    return known and any(_is_sum(cell, [one[at] for one in rows[:end]]) for at, cell in beside)


def _is_sum(total: str, cells: Sequence[str]) -> bool:
    """Whichever of comma and point is the decimal one."""
    for thousands, decimal in ((",", "."), (".", ",")):
        plain = [cell.strip().replace(thousands, "").replace(decimal, ".") for cell in (total, *cells)]
        numbers = [float(cell) for cell in plain if re.match(NUMBER, cell)]
        known = re.match(NUMBER, plain[0]) is not None and len(numbers) > 3 and numbers[0] != 0
        if known and np.isclose(sum(numbers[1:]), numbers[0], rtol=NEARLY):
            return True
    return False
