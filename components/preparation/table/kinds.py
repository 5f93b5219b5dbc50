"""What kind of column a column of unknown make is, by its values and a little by its name."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from components.preparation.table.convert import FALSE_WORDS, TRUE_WORDS
from components.preparation.table.dates import find_formats
from components.preparation.table.suspects import FEW_ROWS, MOSTLY, identifier_reason, named_as_identifier
from components.preparation.table.text import NUMBER, as_amount, as_label, as_number, as_text

SEPARATORS = ((",", "."), (".", ","), (" ", "."), (" ", ","), ("'", "."))  # thousands, decimal
UNITS = {"%", "％", "$", "€", "£", "¥", "￥", "元", "₹", "₽", "USD", "EUR", "GBP", "CNY", "RMB", "CHF", "kr"}
CODE_WORDS = re.compile(r"zip|postal|postcode|(^|[^a-z])codes?([^a-z]|$)|邮编|代码", re.IGNORECASE)
MANY_NUMBERS = 20  # a column of more numbers than this is of numbers, even if a few words stand in it
MOST_WORDS = 20  # different words that may stand for "no value" in a column of numbers or dates
WORDS_SHARE = 0.2  # cells they may take
BROKEN_SHARE = 0.01  # cells that may be neither a value nor a word, whose rows will be rejected
SPARSE = 3  # whole numbers spread over this many times their number of kinds are codes
SENTENCE = 3.0  # words per cell, on average, from which a column is text


@dataclass(frozen=True)
class Guess:
    """`column` for `prepare.columns`, or None with the reason to leave it out.

    `words` stand for no value there, `broken` is the share of cells that do not fit, `entity` says
    that its values name what several rows belong to, `key` that they name each row.
    """

    column: dict[str, Any] | None
    reason: str = ""
    words: tuple[str, ...] = ()
    broken: float = 0.0
    key: bool = False
    entity: bool = False


@dataclass(frozen=True)
class Seen:
    """The distinct values of a column, as text in order of appearance, and how often each occurs."""

    name: str
    texts: pa.Array
    counts: np.ndarray
    cells: pa.Array

    @property
    def filled(self) -> int:
        return int(self.counts.sum())


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
    yield _number(seen)
    yield _amount(seen)
    yield _date(seen)
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


def _number(seen: Seen) -> Guess | None:
    numbers, broken = as_number(seen.texts)
    fitted = _accept(seen, broken, {"kind": "numeric", "min": None, "max": None}, MANY_NUMBERS, _has_no_digit)
    if fitted is None:
        return None
    if pc.any(pc.match_substring_regex(seen.texts, r"^0\d+$")).as_py():
        return _classes(seen, "its numbers begin with 0, so they are codes")
    values = pd.Series(as_number(pc.if_else(pc.match_substring_regex(seen.cells, NUMBER), seen.cells, None))[0])
    reason = identifier_reason(seen.name, values, "numeric")
    if reason:
        return Guess(None, reason, key=_names_each_row(seen))
    return _classes(seen, "") if _are_codes(seen, numbers[~broken]) else fitted


def _are_codes(seen: Seen, numbers: np.ndarray) -> bool:
    """Whole numbers that name classes: by the column's name, or few and far apart (101, 205, 330)."""
    whole = np.isfinite(numbers).all() and (numbers % 1 == 0).all()
    if not whole or len(numbers) > 0.5 * seen.filled:
        return False
    if named_as_identifier(seen.name) or CODE_WORDS.search(seen.name):
        return True
    if not 2 < len(numbers) <= MANY_NUMBERS or seen.filled < 10 * len(numbers) or numbers.max() > 2**53:
        return False
    # 12, 24, 60 have a common measure, as amounts do
    together = np.gcd.reduce(numbers.astype(np.int64)) == 1
    return bool(together and numbers.min() > len(numbers) and np.ptp(numbers) > SPARSE * len(numbers))


def _amount(seen: Seen) -> Guess | None:
    """The writing that fits most cells; the first of equals."""
    best: tuple[int, dict[str, Any], np.ndarray] | None = None
    for unit in _units(seen):
        for thousands, decimal in SEPARATORS:
            _, broken = as_amount(seen.texts, thousands, decimal, unit)
            cells = int(seen.counts[broken].sum())
            if best is None or cells < best[0]:
                column = {"kind": "amount", "thousands": thousands, "decimal": decimal, "unit": unit}
                best = cells, column, broken
    if best is None or _is_ambiguous(seen, best[1]):
        return None
    return _accept(seen, best[2], {**best[1], "min": None, "max": None}, MANY_NUMBERS, _has_no_digit)


def _units(seen: Seen) -> list[str]:
    """What stands around the numbers: a known sign, or one word behind a blank in every cell."""
    rest = pc.utf8_trim_whitespace(pc.replace_substring_regex(seen.texts, r"[\d.,'()+\-\s]+", " "))
    after = pc.all(pc.match_substring_regex(seen.texts, r"^[+-]?[\d.,]+\s+\pL+$")).as_py()
    common = rest.value_counts().to_pylist()
    known = [item["values"] for item in common if item["values"] in UNITS]
    return ["", *known, *([common[0]["values"]] if after and len(common) == 1 else [])]


def _is_ambiguous(seen: Seen, column: dict[str, Any]) -> bool:
    """1,234 beside 1500: a comma before three digits may be of thousands or of decimals, a factor of 1000."""
    mark = re.escape(column["thousands"])
    grouped = pc.match_substring_regex(seen.texts, rf"^[^\d]*\d{{1,3}}{mark}\d{{3}}[^\d]*$")
    plain = pc.match_substring_regex(seen.texts, r"^[^\d]*\d{4,}[^\d]*$")
    told = pc.match_substring_regex(seen.texts, rf"\d{mark}\d{{3}}({mark}|{re.escape(column['decimal'])})\d")
    return bool(pc.any(grouped).as_py() and pc.any(plain).as_py() and not pc.any(told).as_py())


def _date(seen: Seen) -> Guess | None:
    formats, broken = find_formats(seen.texts.to_pandas())
    column = {"kind": "date", "formats": list(formats)}
    return _accept(seen, broken, column, 0, _is_no_number) if formats else None


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
    if seen.filled >= FEW_ROWS and share > MOSTLY:
        told = f"{len(seen.texts)} of its {seen.filled} values differ"
        return Guess(None, reason or told, key=_names_each_row(seen))
    if named_as_identifier(seen.name) and share > 0.05 and len(seen.texts) >= 100:
        return Guess(None, f"its {len(seen.texts)} values name what rows belong to", entity=True)
    return Guess({"kind": "categorical", "values": None})


def _names_each_row(seen: Seen) -> bool:
    return len(seen.texts) == seen.filled == len(seen.cells)


def _accept(
    seen: Seen, broken: np.ndarray, column: dict[str, Any], at_least: int, is_word: Callable[[str], bool]
) -> Guess | None:
    """The column if what does not fit are a few words for "no value", or next to nothing."""
    if not broken.any():
        return Guess(column)
    texts = [seen.texts[int(place)].as_py() for place in np.flatnonzero(broken)[: 10 * MOST_WORDS]]
    words = [text for text in texts if is_word(text)]
    told = np.array([text in words for text in seen.texts.to_pylist()])
    words_share, broken_share = (seen.counts[which].sum() / seen.filled for which in (told, broken & ~told))
    if (~broken).sum() <= at_least or len(words) > MOST_WORDS or words_share > WORDS_SHARE:
        return None
    return Guess(column, words=tuple(words), broken=float(broken_share)) if broken_share <= BROKEN_SHARE else None


def _has_no_digit(text: str) -> bool:
    return not any(character.isdigit() for character in text)


def _is_no_number(text: str) -> bool:
    return re.match(NUMBER, text) is None
