"""Kind of a column of unknown make, by its values and a little by its name."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from components.kits.tables.amounts import guess_amount, thousands_of
from components.kits.tables.dated import guess_date
from components.kits.tables.encoding.text import as_amount, as_label, as_number, as_text
from components.kits.tables.encoding.values import FALSE_WORDS, TRUE_WORDS
from components.kits.tables.numbers.columns import look
from components.kits.tables.numbers.decide import NOT_STATED, Writing, decide, of_numbers
from components.kits.tables.numbers.marks import Marks
from components.kits.tables.seen import MANY_NUMBERS, Guess, Seen, accept, is_word
from components.kits.tables.shapes import are_amounts, guess_time_of_day, rounded_reason
from components.kits.tables.suspects import FEW_ROWS, identifier_reason, named_as_identifier

CODE_WORDS = re.compile(r"zip|postal|postcode|(^|[^a-z])codes?([^a-z]|$)|邮编|代码", re.IGNORECASE)
SPARSE = 3  # whole numbers spread over this many times their number of kinds are codes
NAMING = 0.9  # share of distinct values: below that of the check, so that what is kept passes it
SENTENCE = 3.0  # words per cell, on average, from which a column is text


def guess_column(name: str, cells: pd.Series, missing: Iterable[str], writing: Writing | None = None) -> Guess:
    """Guess the kind of a raw column (N,); `missing` are texts that stand for no value, `writing` is the file's way of
    writing numbers, or without it what this column alone says.

    Raises:
        CasebookError: numbers that cannot be read in one way only, or are of two units.
    """
    if cells.dtype == object and any(isinstance(cell, (list, dict, tuple, set, np.ndarray)) for cell in cells):
        return Guess(None, "its cells are lists or structures")
    seen = _seen(name, as_label(as_text(cells, missing)))
    if not seen.filled:
        return Guess(None, "it has no values")
    if len(seen.texts) == 1 and seen.filled == len(cells):
        return Guess(None, f"it is always {seen.texts[0].as_py()[:60]!r}")
    numbers = Numbers.of(name, cells, missing, writing)
    found = next(guess for guess in _guesses(seen, numbers) if guess is not None)
    return replace(found, reason=f"{found.reason}{numbers.why_none()}") if found.column is None else found


@dataclass(frozen=True)
class Numbers:
    """A column's texts as they stand, what their marks say, and how the file writes numbers."""

    seen: Seen
    marks: Marks
    writing: Writing

    @classmethod
    def of(cls, name: str, cells: pd.Series, missing: Iterable[str], writing: Writing | None = None) -> "Numbers":
        """By the file's writing, or what the column alone says."""
        marks = Marks(name)
        look(marks, cells, missing)
        return cls(_seen(name, as_text(cells, missing)), marks, writing or decide({name: marks}, None, NOT_STATED))

    @property
    def fit(self) -> bool:
        """A person has not said of the file what the column's numbers contradict."""
        return self.seen.name not in self.writing.against

    @property
    def plain(self) -> bool:
        """Numbers that a machine wrote; those of a typed column have no marks."""
        return self.writing.decimal == "." or not self.marks.cells

    def column(self) -> dict[str, Any]:
        if self.plain:
            return {"kind": "numeric", "min": None, "max": None}
        marks = {"thousands": thousands_of(self.marks, self.writing), "decimal": self.writing.decimal}
        return {"kind": "amount", **marks, "unit": "", "min": None, "max": None}

    def read(self, texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        column = self.column()
        return as_number(texts) if self.plain else as_amount(texts, column["thousands"], column["decimal"], "")

    def values(self) -> np.ndarray:
        """The column (N,) in the file's order, NaN where a cell is no number."""
        numbers = self.read(self.seen.cells)[0]
        return np.where(np.isfinite(numbers), numbers, np.nan)

    def why_none(self) -> str:
        """What keeps a column of numbers from being one, to be told beside why it is left out."""
        if not of_numbers(self.marks):
            return ""
        if not self.fit:
            return f"; of its numbers {self.writing.against[self.seen.name]!r} does not fit the stated decimal mark"
        others = self.marks.cells - self.marks.numbers
        return f"; {others} of its cells are no numbers, such as {self.marks.strange!r}" if others else ""


def _seen(name: str, text: pa.Array) -> Seen:
    found = text.drop_null().value_counts()
    return Seen(name, found.field("values"), found.field("counts").to_numpy(), text)


def _guesses(seen: Seen, numbers: Numbers) -> Iterator[Guess | None]:
    yield _boolean(seen)
    yield _compact_date(seen)
    yield _long_digits(seen)
    if numbers.fit:
        yield _number(seen, numbers)
        yield guess_amount(numbers.seen, numbers.marks, numbers.writing)
    yield guess_time_of_day(seen)
    yield guess_date(seen)
    yield _words(seen)


def _boolean(seen: Seen) -> Guess | None:
    words = pc.utf8_lower(seen.texts)
    yes, no = (pc.sum(pc.is_in(words, value_set=known)).as_py() for known in (TRUE_WORDS, FALSE_WORDS))
    return Guess({"kind": "boolean"}) if len(seen.texts) == 2 and (yes, no) == (1, 1) else None


def _compact_date(seen: Seen) -> Guess | None:
    """20240131: a number, if not every one were a day of our time."""
    if len(seen.texts) < 2 or not pc.all(pc.match_substring_regex(seen.texts, r"^(19|20)\d{6}$")).as_py():
        return None
    days = pd.to_datetime(seen.texts.to_pandas(), format="%Y%m%d", errors="coerce")
    return Guess({"kind": "date", "formats": ["%Y%m%d"]}) if days.notna().all() else None


def _long_digits(seen: Seen) -> Guess | None:
    """Numbers of more digits than a double keeps name rows, or what they belong to, or a few classes."""
    if not (reason := rounded_reason(seen)):
        return None
    named = _classes(seen, reason)
    few = named.column is not None and len(seen.texts) <= MANY_NUMBERS
    return named if few or named.entity else Guess(None, reason, key=seen.names_each_row)


def _number(seen: Seen, found: Numbers) -> Guess | None:
    written = found.seen
    numbers, broken = found.read(written.texts)
    fitted = accept(written, broken, found.column(), MANY_NUMBERS, is_word)
    if fitted is None:
        return None
    if pc.any(pc.match_substring_regex(seen.texts, r"^0\d+$")).as_py():
        return _classes(seen, "its numbers begin with 0, so they are codes")
    reason = identifier_reason(seen.name, pd.Series(found.values()), "numeric")
    if reason:
        return Guess(None, reason, key=seen.names_each_row)
    return _classes(seen, "") if _are_codes(seen, numbers[~broken]) else fitted


def _are_codes(seen: Seen, numbers: np.ndarray) -> bool:
    """Whole numbers that name classes: by the column's name, or few and far apart (101, 205, 330)."""
    if not (np.isfinite(numbers).all() and (numbers % 1 == 0).all()):
        return False
    if named_as_identifier(seen.name) or CODE_WORDS.search(seen.name):
        return True
    if not 2 < len(numbers) <= MANY_NUMBERS or seen.filled < 10 * len(numbers) or numbers.max() > 2**53:
        return False
    # 12, 24, 60 have a common measure, as amounts do
    together = np.gcd.reduce(numbers.astype(np.int64)) == 1
    return bool(together and numbers.min() > len(numbers) and np.ptp(numbers) > SPARSE * len(numbers))


def _words(seen: Seen) -> Guess:
    length = pc.add(
        pc.count_substring_regex(seen.texts, r"[^\s\p{Han}]+"),
        pc.divide(pc.count_substring_regex(seen.texts, r"\p{Han}"), 2.0),  # a Chinese word has about two
    )
    sentences = np.average(pc.cast(length, pa.float64()).to_numpy(), weights=seen.counts) >= SENTENCE
    share = len(seen.texts) / seen.filled
    if sentences and seen.filled >= FEW_ROWS and share > 0.5:
        return Guess({"kind": "text"})
    return _classes(seen, "")


def _classes(seen: Seen, reason: str) -> Guess:
    """Categories, unless there are so many that they name rows, or what a few rows each belong to."""
    share = len(seen.texts) / seen.filled
    if seen.filled >= FEW_ROWS and share > NAMING:
        told = f"{len(seen.texts)} of its {seen.filled} values differ"
        return Guess(None, reason or told, key=seen.names_each_row and not are_amounts(seen))
    if named_as_identifier(seen.name) and share > 0.05 and len(seen.texts) >= 100:
        return Guess(None, f"its {len(seen.texts)} values name what rows belong to", entity=True)
    return Guess({"kind": "categorical", "values": None})
