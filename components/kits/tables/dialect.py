"""Dialect of a CSV file in UTF-8: delimiter, header, and what stands before it."""

import codecs
import csv
import io
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from components.core.errors import CasebookError
from components.kits.tables.charset import tell

DELIMITERS = ",;\t|"
SAMPLE = 1 << 20  # bytes looked at
SNIFFED = 200  # records looked at
EXCELS_LINE = re.compile(rb"^\"?sep=([^\r\n])\"?[ \t]*(\r\n|\r|\n|$)", re.IGNORECASE)
NUMERIC = re.compile(r"[+-]?\d[\d.,]*%?")
MOST_TITLES = 9  # records above a header
ALIKE = 0.9  # of the records below it, which have as many values


@dataclass(frozen=True)
class Dialect:
    """`start` is the byte at which the header begins: after a mark, blank lines, Excel's `sep=;`, a title."""

    start: int
    delimiter: str
    names: list[str]


def read_sample(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(SAMPLE)


def find_dialect(path: Path, sample: bytes) -> Dialect:
    """Read it off the first bytes of a file in UTF-8 that came with `path`; see `read.read_batches` for the errors."""
    start = len(codecs.BOM_UTF8) if sample.startswith(codecs.BOM_UTF8) else 0
    stated = EXCELS_LINE.match(sample[start:])
    start = _after_blank_lines(sample, start + (stated.end() if stated else 0))
    if not sample[start:].strip():
        raise CasebookError(f"{path}: the file is empty; it needs a header line and rows")
    text, whole = sample[start:].decode("utf-8", errors="replace"), len(sample) < SAMPLE
    candidates = stated[1].decode("utf-8", errors="replace") if stated else DELIMITERS
    delimiter = _delimiter({candidate: _fit(text, candidate, whole=whole) for candidate in candidates})
    records = _records(text, delimiter, whole=whole)
    if not records:
        raise CasebookError(f"{path}: its header does not end within {SAMPLE:,} bytes; is this a CSV file?")
    if place := header_place(records):
        tell(left_out(path, records[:place]))
        start = _after_blank_lines(sample, start + _size(text, delimiter, place))
    names = unique_names(path, records[place])
    if whole and len(records) == place + 1:
        raise CasebookError(f"{path}: it has a header but no rows")
    return Dialect(start, delimiter, names)


def header_place(records: Sequence[Sequence[str]]) -> int:
    """How many records of the first ones stand above the header: each a title of one value, with a table of several
    columns below it, whose names are no numbers.
    """
    place = 0
    while place < len(records) - 2 and _is_title(records[place]):
        place += 1
    header, below = records[place], records[place + 1 :]
    names = [name.strip() for name in header]
    if not 0 < place <= MOST_TITLES or len(names) < 2 or not all(names) or len(set(names)) < len(names):
        return 0
    if any(NUMERIC.fullmatch(name) for name in names):
        return 0
    return place if sum(len(record) == len(header) for record in below) >= ALIKE * len(below) else 0


def left_out(path: Path, titles: Sequence[Sequence[str]]) -> str:
    """What to say of the records above a header."""
    shown = "; ".join(repr(next((cell.strip() for cell in title if cell.strip()), "")[:60]) for title in titles)
    return f"{path}: the header is not in line 1; {len(titles)} line(s) above it are left out: {shown}"


def unique_names(path: Path, header: list[str]) -> list[str]:
    """Names without surrounding blanks; a column without a name is called by its place."""
    names = [name.strip() or f"column_{place}" for place, name in enumerate(header, start=1)]
    repeated = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if repeated:
        places = ", ".join(str(place) for place, name in enumerate(names, start=1) if name == repeated[0])
        raise CasebookError(
            f"{path}: {len(repeated)} column name(s) stand more than once, such as {repeated[0]!r} "
            f"(columns {places}); rename all but one"
        )
    return names


def _is_title(record: Sequence[str]) -> bool:
    """A single value, alone or with empty ones behind it; two columns may well have one name between them."""
    filled = sum(cell.strip() != "" for cell in record)
    return filled <= 1 and len(record) != 2


def _after_blank_lines(sample: bytes, start: int) -> int:
    while sample[start : start + 1] in (b"\n", b"\r"):
        start += 1
    return start


def _size(text: str, delimiter: str, count: int) -> int:
    """Bytes that the first records take."""
    reader, found = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 0
    while found < count:
        found += bool(next(reader))
    return len("".join(itertools.islice(io.StringIO(text, newline=""), reader.line_num)).encode())


@dataclass(frozen=True)
class _Fit:
    """How a delimiter cuts the first records: how many titles it needs, columns, and share of records with as many."""

    titles: int
    columns: int
    alike: float

    @property
    def score(self) -> float:
        """The share counts twice: a delimiter that stands in a few values does not win by the columns it adds."""
        return self.alike**2 * self.columns if self.columns > 1 else 0.0


def _delimiter(fits: Mapping[str, _Fit]) -> str:
    """The best, of equals the first. One that needs no title goes before those that do: decimal commas cut rows whose
    fields are parted by ; into as many columns each, below a header that would be a title.
    """
    plain = any(fit.titles == 0 and fit.score and fit.alike >= ALIKE for fit in fits.values())
    fewest = 0 if plain else min((fit.titles for fit in fits.values() if fit.titles), default=0)
    return max(fits, key=lambda one: fits[one].score if fits[one].titles in (0, fewest) else 0.0)


def _fit(text: str, delimiter: str, *, whole: bool) -> _Fit:
    records = _records(text, delimiter, whole=whole)
    if not records:
        return _Fit(0, 0, 0.0)
    place = header_place(records)
    below = records[place:]
    return _Fit(place, len(below[0]), sum(len(record) == len(below[0]) for record in below) / len(below))


def _records(text: str, delimiter: str, *, whole: bool) -> list[list[str]]:
    """The first records that are not blank, without the last one where the sample may have cut it."""
    records: list[list[str]] = []
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if record:
                records.append(record)
            if len(records) > SNIFFED:
                return records[:-1]
    except csv.Error:
        return records
    return records if whole else records[:-1]
