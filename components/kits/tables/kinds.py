"""Kind of a column of unknown make, by its values and a little by its name."""

import re
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from components.kits.tables.amounts import guess_amount
from components.kits.tables.dated import guess_date
from components.kits.tables.encoding.text import NUMBER, as_label, as_number, as_text
from components.kits.tables.encoding.values import FALSE_WORDS, TRUE_WORDS
from components.kits.tables.seen import MANY_NUMBERS, Guess, Seen, accept, is_word
from components.kits.tables.shapes import are_amounts, guess_time_of_day, rounded_reason
from components.kits.tables.suspects import FEW_ROWS, identifier_reason, named_as_identifier

CODE_WORDS = re.compile(r"zip|postal|postcode|(^|[^a-z])codes?([^a-z]|$)|邮编|代码", re.IGNORECASE)
SPARSE = 3  # whole numbers spread over this many times their number of kinds are codes
NAMING = 0.9  # share of distinct values: below that of the check, so that what is kept passes it
SENTENCE = 3.0  # words per cell, on average, from which a column is text


def guess_column(name: str, cells: pd.Series, missing: Iterable[str]) -> Guess:
    """Guess the kind of a raw column (N,); `missing` are texts that stand for no value."""
    if cells.dtype == object and any(isinstance(cell, (list, dict, tuple, set, np.ndarray)) for cell in cells):
        return Guess(None, "its cells are lists or structures")
    text = as_label(as_text(cells, missing))
    present = text.drop_null()
    if not len(present):
        return Guess(None, "it has no values")
    found = present.value_counts()
    seen = Seen(name, found.field("values"), found.field("counts").to_numpy(), text)
    if len(seen.texts) == 1 and seen.filled == len(cells):
        return Guess(None, f"it is always {seen.texts[0].as_py()[:60]!r}")
    return next(guess for guess in _guesses(seen) if guess is not None)


def _guesses(seen: Seen) -> Iterator[Guess | None]:
    yield _boolean(seen)
    yield _compact_date(seen)
    yield _long_digits(seen)
    yield _number(seen)
    yield guess_amount(seen)
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


def _number(seen: Seen) -> Guess | None:
    numbers, broken = as_number(seen.texts)
    fitted = accept(seen, broken, {"kind": "numeric", "min": None, "max": None}, MANY_NUMBERS, is_word)
    if fitted is None:
        return None
    if pc.any(pc.match_substring_regex(seen.texts, r"^0\d+$")).as_py():
        return _classes(seen, "its numbers begin with 0, so they are codes")
    values = pd.Series(as_number(pc.if_else(pc.match_substring_regex(seen.cells, NUMBER), seen.cells, None))[0])
    reason = identifier_reason(seen.name, values, "numeric")
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
