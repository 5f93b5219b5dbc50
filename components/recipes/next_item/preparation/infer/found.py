"""How a file of events, or of what is known of users and items, is to be read: found where nobody says it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from components.core.errors import CasebookError
from components.core.files import nearest_path
from components.kits.tables.encoding.reading import TextReading
from components.kits.tables.faults import stray_quotes
from components.kits.tables.forms import Form, find_form, split_cells
from components.kits.tables.plain import plain_file
from components.kits.tables.unpack import PARQUET
from components.recipes.next_item.preparation.database import work_folder
from components.recipes.next_item.preparation.infer.content import Facts, facts_of
from components.recipes.next_item.preparation.infer.known import known_names, lacks_header, numbered
from components.recipes.next_item.preparation.read import SAMPLE, RawFile, open_raw, unreadable

log = logging.getLogger(__name__)

QUOTES_PART_LINES = (",", ";")  # with these a quote goes around cells, as a rule: nothing is guessed
SHOWN_ROWS = 200


@dataclass(frozen=True)
class Described:
    """A file with how it is read and what its columns hold. `named` says that its columns have names that tell."""

    path: Path
    reading: TextReading
    named: bool
    raw: RawFile
    facts: dict[str, Facts]


def describe(
    connection: duckdb.DuckDBPyConnection, path: Path, option: str, said: TextReading, missing: Sequence[str]
) -> Described:
    """Look at a whole file, of which `said` is what a person has said of how it is read.

    Raises:
        CasebookError: there is none, or it cannot be read.
    """
    if not path.is_file():
        raise CasebookError(f"{path}: not found; {option} names a file of events or of ids{nearest_path(path)}")
    reading, named = find_reading(path, said, work_folder(connection))
    raw = open_raw(connection, path, (), option, reading)
    if raw.twice:
        raise CasebookError(f"{path}: column {raw.twice[0]!r} stands more than once; rename all but one")
    try:
        facts = facts_of(connection, raw, missing)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise unreadable(raw, error) from None
    if not any(one.rows for one in facts.values()):
        raise CasebookError(f"{path}: it has columns but no rows")
    return Described(path, reading, named, raw, facts)


def find_reading(path: Path, said: TextReading, folder: Path) -> tuple[TextReading, bool]:
    """What has to be stated for the file to be read, and whether its columns have names: told where it is guessed."""
    file = plain_file(path, said, folder)
    with file.open("rb") as opened:
        sample = opened.read(SAMPLE)
    if sample.startswith(PARQUET):
        return said, True
    form = find_form(path, sample, said)
    if said.delimiter is not None and len(form.names) == 1:  # said of another of the files
        return find_reading(path, said.model_copy(update={"delimiter": None}), folder)
    if form.delimiter is None:
        log.info("%s: an object of JSON in each line", path.name)
        return said, True
    found, named = said, True
    lines = sample.decode("utf-8-sig", errors="replace").splitlines()[form.skip : form.skip + SHOWN_ROWS]
    if not said.names and lacks_header(form, [split_cells(line, form.delimiter, form.quote) for line in lines[1:-1]]):
        found, named = _without_header(path, form, found)
    if form.quote and form.delimiter not in QUOTES_PART_LINES and (stray := _first_stray(file, form)):
        log.warning("%s: quotes are characters like any other (read.quote: none), as in line %d: %r", path.name, *stray)
        found = found.model_copy(update={"quote": "none"})
    return found, named


def _without_header(path: Path, form: Form, reading: TextReading) -> tuple[TextReading, bool]:
    known = known_names(path, len(form.names))
    names = known or numbered(len(form.names))
    why = "named as MovieLens says" if known else "numbered"
    log.warning("%s: it has no header; its columns are %s: %s", path.name, why, ", ".join(names))
    return reading.model_copy(update={"names": names}), known is not None


def _first_stray(file: Path, form: Form) -> tuple[int, str] | None:
    """Number and beginning of the first line with quotes that do not go around whole cells."""
    assert form.delimiter is not None
    with file.open("rb") as opened:
        for number, line in enumerate(opened, start=1):
            if b'"' in line:
                text = line.decode("utf-8", errors="replace").rstrip("\r\n")
                if stray_quotes(text, form.delimiter, len(form.names)):
                    return number, text[:80]
    return None
