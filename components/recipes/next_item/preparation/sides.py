"""What is to be said of side files: how many ids have a row there, and columns that tell little or are misread."""

import logging
from collections.abc import Mapping

import duckdb

from components.core.errors import CasebookError
from components.recipes.next_item.params.interactions import (
    BandFeature,
    CategoryFeature,
    ItemFeature,
    ItemFile,
    SetFeature,
    UserFile,
)
from components.recipes.next_item.preparation.database import one, quoted
from components.recipes.next_item.preparation.read import RawFile

log = logging.getLogger(__name__)

SEPARATORS = "|,;/"
TOLD_APART = 0.9  # share of the rows with a text of their own
LEAST_ROWS = 20  # of which that says something
FEW = 30  # texts of a column that are held against each other

EXAMPLES = """
select (select id from {table} anti join side using (id) order by length(id), id limit 1),
  (select id from side anti join {table} using (id) order by length(id), id limit 1),
  (select {table}.id || chr(10) || side.id from {table} join side on ltrim({table}.id, '0') = ltrim(side.id, '0')
   where {table}.id not in (select id from side) order by length({table}.id), {table}.id limit 1)
"""


def check_known(
    connection: duckdb.DuckDBPyConnection, table: str, side: UserFile | ItemFile, file: RawFile, least: float
) -> None:
    """Tell which share of the ids of `table` ("users" or "items") has a row in its file.

    Raises:
        CasebookError: it is under `least`.
    """
    every, known = one(connection, f"select count(*), count(side.id) from {table} left join side using (id)")  # noqa: S608
    assert isinstance(every, int)
    assert isinstance(known, int)
    if known == every:
        log.info("%s: each of %d %s has a row", file.path, every, table)
        return
    here, there, both = one(connection, EXAMPLES.format(table=table))
    if isinstance(both, str):
        here, there = both.split("\n")
    beside = f"{str(here)[:60]!r} in the events" + (f", {str(there)[:60]!r} in the file" if there is not None else "")
    said = f"{file.path}: {side.id}: {known} of {every} {table} ({known / every:.0%}) have a row ({beside})"
    if known < least * every:
        raise CasebookError(
            f"{said}; write the ids alike, or set prepare.{table}: null to go without, or prepare.least_known to the "
            "share that will do"
        )
    log.warning("%s; the others' features are unknown", said)


def say_of_columns(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, ItemFeature], file: RawFile
) -> None:
    """Warn of columns of the table `side` (f0, f1, ...) that tell users or items apart and nothing of them, whose
    separator occurs nowhere, or that write one class in several ways.
    """
    for place, (name, column) in enumerate(columns.items()):
        where = f"{file.path}: {column.column}"
        match column:
            case BandFeature():
                continue
            case SetFeature():
                _say_of_separator(connection, f"f{place}", column, where, f"prepare.{table}.columns.{name}.separator")
            case CategoryFeature():
                _say_of_texts(connection, f"f{place}", where, f"prepare.{table}.columns.{name}")
        _say_of_spellings(connection, f"f{place}", column, where)


def _say_of_separator(
    connection: duckdb.DuckDBPyConnection, cell: str, column: SetFeature, where: str, key: str
) -> None:
    """Of cells that are lists by now: all of one text where the separator is in none of them."""
    cells, several = one(connection, f"select count({cell}), count(*) filter (where len({cell}) > 1) from side")  # noqa: S608
    if not cells or several:
        return
    others = [other for other in SEPARATORS if other != column.separator]
    counts = ", ".join(f"count(*) filter (where contains({cell}[1], {quoted(other)}))" for other in others)
    found = one(connection, f"select {counts} from side")  # noqa: S608 - quoted
    count, other = max(zip((int(str(each)) for each in found), others, strict=True), key=lambda pair: pair[0])
    if not count:
        log.warning(
            "%s: none of %s cell(s) holds the separator %r: all are sets of one", where, cells, column.separator
        )
        return
    (example,) = one(connection, f"select min({cell}[1]) from side where contains({cell}[1], {quoted(other)})")  # noqa: S608
    log.warning(
        "%s: none of %s cell(s) holds the separator %r, and %d hold %r, such as %r: set %s: %r",
        where, cells, column.separator, count, other, str(example)[:60], key, other,
    )  # fmt: skip


def _say_of_texts(connection: duckdb.DuckDBPyConnection, cell: str, where: str, key: str) -> None:
    rows, texts = one(connection, f"select count({cell}), count(distinct {cell}) from side")  # noqa: S608
    assert isinstance(rows, int)
    assert isinstance(texts, int)
    if rows >= LEAST_ROWS and texts > TOLD_APART * rows:
        log.warning(
            "%s: %d different texts in %d rows: a class each tells them apart and nothing of them; take %s out",
            where, texts, rows, key,
        )  # fmt: skip


def _say_of_spellings(connection: duckdb.DuckDBPyConnection, cell: str, column: ItemFeature, where: str) -> None:
    text = f"unnest({cell})" if isinstance(column, SetFeature) else cell
    trimmed = f"select trim({text}) as text from side"  # noqa: S608
    found = connection.execute(
        f"select text, count(*) from ({trimmed}) where text <> '' group by text order by count(*) desc, text"  # noqa: S608
    ).fetchmany(1000)
    counts = dict(found)
    by_case: dict[str, list[str]] = {}
    for one_text in counts:
        by_case.setdefault(one_text.casefold(), []).append(one_text)
    alike = [texts for texts in by_case.values() if len(texts) > 1]
    if alike:
        log.warning(
            "%s: %d class(es) are written in several ways, such as %s: they are different classes; write them alike",
            where, len(alike), _counted(alike[0], counts),
        )  # fmt: skip
    if len(by_case) <= FEW and (short := _initials(list(by_case))):
        texts = [by_case[one_text][0] for one_text in short]
        log.warning(
            "%s: %s may be one class in short and in full: they are different classes; write them alike",
            where, _counted(texts, counts),
        )  # fmt: skip


def _initials(texts: list[str]) -> list[str]:
    """A letter and the only longer text that begins with it."""
    for letter in [text for text in texts if len(text) == 1 and text.isalpha()]:
        longer = [text for text in texts if len(text) > 1 and text.startswith(letter)]
        if len(longer) == 1:
            return [letter, longer[0]]
    return []


def _counted(texts: list[str], counts: Mapping[str, int]) -> str:
    return " and ".join(f"{text[:60]!r} ({counts[text]})" for text in texts)
