"""Kind of a column of unknown make, by its values and a little by its name."""

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import TypeAdapter

from components.core.errors import CasebookError
from components.kits.tables.amounts import guess_amount
from components.kits.tables.dates import both_ways, find_formats, latest_of
from components.kits.tables.encoding.laboratory import without_marks
from components.kits.tables.encoding.spec import Column
from components.kits.tables.encoding.text import NUMBER, as_label, as_number, as_text
from components.kits.tables.encoding.values import FALSE_WORDS, TRUE_WORDS, read_cells
from components.kits.tables.encoding.years import CENTURY
from components.kits.tables.seen import MANY_NUMBERS, Guess, Seen, accept, is_word
from components.kits.tables.sentinels import find_sentinels
from components.kits.tables.suspects import FEW_ROWS, identifier_reason, named_as_identifier

log = logging.getLogger(__name__)

COLUMN: TypeAdapter[Column] = TypeAdapter(Column)
TIME_OF_DAY = r"^\d{1,3}:[0-5]\d(:[0-5]\d(\.\d+)?)?(\s?[AaPp]\.?[Mm]\.?)?$"
CODE_WORDS = re.compile(r"zip|postal|postcode|(^|[^a-z])codes?([^a-z]|$)|邮编|代码", re.IGNORECASE)
SPARSE = 3  # whole numbers spread over this many times their number of kinds are codes
NAMING = 0.9  # share of distinct values: below that of the check, so that what is kept passes it
SENTENCE = 3.0  # words per cell, on average, from which a column is text


def guess_column(name: str, cells: pd.Series, missing: Iterable[str]) -> Guess:
    """Guess the kind of a raw column (N,); `missing` are texts that stand for no value."""
    if cells.dtype == object and any(isinstance(cell, (list, dict, tuple, set, np.ndarray)) for cell in cells):
        return Guess(None, "its cells are lists or structures")
    text = as_label(as_text(cells, missing))
    if not text.is_valid().to_numpy(zero_copy_only=False).any():
        return Guess(None, "it has no values")
    seen = _look(name, text)
    if len(seen.texts) == 1 and seen.filled == len(cells):
        return Guess(None, f"it is always {seen.texts[0].as_py()[:60]!r}")
    found = _of_a_laboratory(seen) or next(guess for guess in _guesses(seen) if guess is not None)
    return with_sentinels(found, seen)


def _look(name: str, text: pa.Array) -> Seen:
    found = text.drop_null().value_counts()
    return Seen(name, found.field("values"), found.field("counts").to_numpy(), text)


def _guesses(seen: Seen) -> Iterator[Guess | None]:
    yield _boolean(seen)
    yield _compact_date(seen)
    yield _long_digits(seen)
    yield _number(seen)
    yield guess_amount(seen)
    yield _time_of_day(seen)
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


def _of_a_laboratory(seen: Seen) -> Guess | None:
    """Numbers, of which some have an open end or a flag: `<0.01`, `7.4 H`."""
    plain = without_marks(seen.texts)
    marks = pc.not_equal(plain, seen.texts).to_numpy(zero_copy_only=False)
    if not marks.any() or marks.all():
        return None
    found = next(guess for guess in _guesses(_look(seen.name, without_marks(seen.cells))) if guess is not None)
    if found.column is None or found.column["kind"] not in ("numeric", "amount"):
        return None
    marked = [seen.texts[int(place)].as_py() for place in np.flatnonzero(marks)]
    return replace(found, column={**found.column, "laboratory": True}, marked=tuple(marked))


def with_sentinels(guess: Guess, seen: Seen) -> Guess:
    """The guess of a column of numbers, with those of its cells that stand for no value as its own `missing`."""
    if guess.column is None or guess.column["kind"] not in ("numeric", "amount"):
        return guess
    column: Column = COLUMN.validate_python(guess.column)
    numbers, _ = read_cells(seen.texts, column, guess.words)
    found = find_sentinels(np.asarray(numbers), seen.counts)
    if not found.any():
        return guess
    texts = [seen.texts[int(place)].as_py() for place in np.flatnonzero(found)]
    return replace(guess, column={**guess.column, "missing": texts}, sentinels=tuple(texts))


def _long_digits(seen: Seen) -> Guess | None:
    """Numbers of more digits than a double keeps: names of something, whose ends would be rounded off."""
    if not pc.all(pc.match_substring_regex(seen.texts, r"^[+-]?\d+$")).as_py():
        return None
    rounded = pc.filter(seen.texts, pc.match_substring_regex(seen.texts, r"^[+-]?0*[1-9]\d{15,}$")).to_pylist()
    rounded = [text for text in rounded if int(float(text)) != int(text)]
    if not rounded:
        return None
    reason = f"its digits name something: as a number {rounded[0][:60]} would be rounded to {float(rounded[0]):.0f}"
    if seen.names_each_row:
        return Guess(None, reason, key=True)
    named = _classes(seen, reason)
    few = named.column is not None and len(seen.texts) <= MANY_NUMBERS
    return named if few or named.entity else Guess(None, reason)


def _time_of_day(seen: Seen) -> Guess | None:
    """14:35: no kind of column reads it; a few shifts are classes."""
    if len(seen.texts) <= MANY_NUMBERS or not pc.all(pc.match_substring_regex(seen.texts, TIME_OF_DAY)).as_py():
        return None
    return Guess(
        None,
        f"its values are times of day or durations, such as {seen.texts[0].as_py()!r}, which no kind of column reads; "
        "write them as hours, with a fraction, or beside their date",
    )


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


def _date(seen: Seen) -> Guess | None:
    formats, broken = find_formats(seen.texts.to_pandas())
    if not formats:
        return None
    texts = seen.texts.to_pandas()
    if broken.any() and (both := both_ways(texts, formats)):
        raise CasebookError(
            f"column {seen.name}: day and month stand both ways: {both[0]!r} has the day first, {both[1]!r} the month; "
            f"write them one way, say which counts with --dates {seen.name}={formats[0]} (rows of the other are set "
            f"aside), or leave the column out with --ignore {seen.name}"
        )
    return accept(seen, broken, date_column(seen.name, texts, formats), 0, _is_no_number)


def date_column(name: str, texts: pd.Series, formats: Sequence[str]) -> dict[str, Any]:
    """A column of dates, with the last year that two digits mean in the texts (N,), which is told."""
    column: dict[str, Any] = {"kind": "date", "formats": list(formats)}
    latest = latest_of(name, texts, formats, datetime.now(UTC).year)
    if latest is None:
        return column
    column["latest"] = latest
    moments, _ = read_cells(texts.tolist(), COLUMN.validate_python(column), ())
    first = int(np.nanargmin(np.where(np.isnat(moments), np.nan, moments.astype(np.int64))))
    log.warning(
        "column %s: its years of two digits are taken for %d to %d, so %r is in %s; prepare.columns.%s.latest says so",
        name, latest - CENTURY + 1, latest, texts.iloc[first], str(moments[first])[:4], name,
    )  # fmt: skip
    return column


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
        return Guess(None, reason or told, key=seen.names_each_row and not _are_amounts(seen))
    if named_as_identifier(seen.name) and share > 0.05 and len(seen.texts) >= 100:
        return Guess(None, f"its {len(seen.texts)} values name what rows belong to", entity=True)
    return Guess({"kind": "categorical", "values": None})


def _are_amounts(seen: Seen) -> bool:
    """Numbers with separators: amounts differ in every row, and name none."""
    amounts = pc.match_substring_regex(seen.texts, r"^[^\pL\d]*\pL{0,3}[^\pL\d]*\d+([.,' ]\d+)+[^\pL\d]*\pL{0,3}\W*$")
    return bool(pc.mean(pc.cast(amounts, pa.int8())).as_py() > 0.5)


def _is_no_number(text: str) -> bool:
    return re.match(NUMBER, text) is None
