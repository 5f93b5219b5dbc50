"""Dialect of a CSV file: encoding, delimiter, header."""

import codecs
import csv
import io
from dataclasses import dataclass
from pathlib import Path

from components.core.errors import CasebookError
from components.core.files import CHUNK

DELIMITERS = ",;\t|"
SAMPLE = 1 << 20  # bytes looked at
SNIFFED = 200  # records looked at
UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Dialect:
    """`start` is the byte at which the header begins, after a byte-order mark and blank lines."""

    start: int
    delimiter: str
    names: list[str]


def read_sample(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(SAMPLE)


def find_dialect(path: Path, sample: bytes) -> Dialect:
    """Read it off the file's first bytes; see `read.read_batches` for the errors."""
    if sample.startswith(UTF16_MARKS) or b"\0" in sample[:4]:
        raise CasebookError(f"{path}: written in UTF-16, not UTF-8; convert it: {_iconv(path, 'UTF-16')}")
    start = len(codecs.BOM_UTF8) if sample.startswith(codecs.BOM_UTF8) else 0
    while sample[start : start + 1] in (b"\n", b"\r"):
        start += 1
    if not sample[start:].strip():
        raise CasebookError(f"{path}: the file is empty; it needs a header line and rows")
    text, whole = sample[start:].decode("utf-8", errors="replace"), len(sample) < SAMPLE
    delimiter = max(DELIMITERS, key=lambda candidate: _fit(text, candidate, whole=whole))
    records = _records(text, delimiter, whole=whole)
    if not records:
        raise CasebookError(f"{path}: its header does not end within {SAMPLE:,} bytes; is this a CSV file?")
    if any("\ufffd" in name for name in records[0]):
        refuse_if_not_utf8(path)
    names = unique_names(path, records[0])
    if whole and len(records) == 1:
        raise CasebookError(f"{path}: it has a header but no rows")
    return Dialect(start, delimiter, names)


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


def refuse_if_not_utf8(path: Path) -> None:
    """Find the first bytes of a file that are not UTF-8, however large the file."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset, line = 0, 1
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK)
            held = len(decoder.getstate()[0])  # bytes of a character that the chunk before began
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                inside = error.start - held
                raise CasebookError(
                    f"{path}: not UTF-8: byte 0x{error.object[error.start]:02x} at offset {offset + inside} "
                    f"(line {line + chunk[: max(0, inside)].count(10)}); convert it with what wrote it, "
                    f"for example: {_iconv(path, 'GB18030')} (or -f WINDOWS-1252)"
                ) from None
            if not chunk:
                return
            offset += len(chunk)
            line += chunk.count(b"\n")


def _fit(text: str, delimiter: str, *, whole: bool) -> float:
    """How well the delimiter cuts the first records: columns times the share of records that have as many.

    The share counts twice, so that a delimiter that stands in a few values does not win by the
    columns it adds. `max` takes the first of equals: the order of DELIMITERS.
    """
    records = _records(text, delimiter, whole=whole)
    if not records or len(records[0]) == 1:
        return 0.0
    alike = sum(len(record) == len(records[0]) for record in records) / len(records)
    return alike**2 * len(records[0])


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


def _iconv(path: Path, encoding: str) -> str:
    return f"iconv -f {encoding} -t UTF-8 {path.name} > {path.stem}.utf8{path.suffix}"
