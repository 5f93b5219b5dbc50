"""Form of a text file of rows: cells between delimiters, with or without a header, or JSON of an object a line."""

import codecs
import csv
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.errors import CasebookError
from components.kits.tables.encoding.reading import TextReading

DELIMITERS = ("::", "\t", ",", ";", "|")
LOOKED_AT = 200  # objects, whose keys are the columns
SHOWN = 200  # characters of a row
LINE_END = re.compile(r"\r\n|\n|\r")  # JSON may hold the others that `splitlines` knows


@dataclass(frozen=True)
class Form:
    """`skip` lines stand above the first row or the header; `delimiter` is null for JSON."""

    delimiter: str | None
    quote: str
    skip: int
    header: bool
    names: list[str]


def find_form(path: Path, sample: bytes, reading: TextReading, needed: Sequence[str] = ()) -> Form:
    """Read it off the first bytes of a text in UTF-8 that came with `path`. Unless it is stated, the delimiter is the
    one that finds most of the `needed` names, and of equals the one that cuts most lines into as many cells each.

    Raises:
        CasebookError: nothing stands in it, it is an array of JSON, or `reading.names` are not as many as its cells.
    """
    lines = LINE_END.split(sample.removeprefix(codecs.BOM_UTF8).decode("utf-8", errors="replace"))
    skip = next((place for place, line in enumerate(lines) if line.strip()), None)
    if skip is None:
        raise CasebookError(f"{path}: the file is empty; it needs a header line and rows")
    if (objects := json_objects(lines[skip:])) is not None:
        return Form(None, "", 0, header=False, names=list(dict.fromkeys(key for one in objects for key in one)))
    if lines[skip].lstrip().startswith(("[{", "[ {")) or lines[skip].strip() == "[":
        raise CasebookError(
            f"{path}: an array of JSON; write an object a line: jq -c '.[]' {path.name} > {path.stem}.jsonl"
        )
    quote = "" if reading.quote == "none" else reading.quote
    whole = lines[skip : skip + LOOKED_AT]
    delimiter, cells = _first_cells(whole[: max(1, len(whole) - 1)], reading, quote, needed)  # the last may be cut
    if not reading.names or set(cells) & set(reading.names):  # a file of fewer columns may well have a header
        return Form(delimiter, quote, skip, header=True, names=cells)
    if len(cells) != len(reading.names):
        raise CasebookError(
            f"{path}: read.names has {len(reading.names)} name(s) ({', '.join(reading.names)}), and its first row "
            f"{len(cells)} cell(s), by {delimiter!r}: {lines[skip][:SHOWN]!r}; name each column, or set read.delimiter"
        )
    return Form(delimiter, quote, skip, header=False, names=[*reading.names])


def json_objects(lines: Sequence[str]) -> list[dict[str, Any]] | None:
    """The first objects, where each line is one."""
    found: list[dict[str, Any]] = []
    if not lines or not lines[0].lstrip().startswith("{"):
        return None
    for line in filter(str.strip, lines[:LOOKED_AT]):
        try:
            content = json.loads(line)
        except ValueError:
            break  # a line that is cut, or broken: who reads all of them will say so
        if not isinstance(content, dict):
            return None
        found.append(content)
    return found or None


def split_cells(line: str, delimiter: str, quote: str) -> list[str]:
    if quote and len(delimiter) == 1:
        return next(csv.reader([line], delimiter=delimiter, quotechar=quote))
    return line.split(delimiter)


def _first_cells(
    lines: Sequence[str], reading: TextReading, quote: str, needed: Sequence[str]
) -> tuple[str, list[str]]:
    def cells(delimiter: str) -> list[str]:
        return [cell.strip() for cell in split_cells(lines[0], delimiter, quote)]

    def fit(delimiter: str) -> tuple[int, float, int]:
        first = cells(delimiter)
        alike = sum(len(split_cells(line, delimiter, quote)) == len(first) for line in lines) / len(lines)
        return len(set(needed) & set(first)), (alike**2 * len(first) if len(first) > 1 else 0.0), len(first)

    best = max((reading.delimiter,) if reading.delimiter else DELIMITERS, key=fit)
    return best, cells(best)
