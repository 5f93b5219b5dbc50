"""Up to which row a query of a source has been read: the file that `source.watch` names, kept in git."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from components.core.databases import Database, literal, open_database
from components.core.errors import CasebookError, nearest
from components.core.files import read_json, write_json
from components.core.params.source import SqlSource

# What a column of marks may hold, by the name in the file: how a text becomes such a value again.
KINDS: dict[str, tuple[type, Callable[[str], Any]]] = {
    "timestamp": (datetime, datetime.fromisoformat),  # before `date`: a datetime is one
    "date": (date, date.fromisoformat),
    "integer": (int, int),
    "decimal": (Decimal, Decimal),
    "number": (float, float),
    "text": (str, str),
}
ASKED_BY = "params.yaml: source"


@dataclass(frozen=True)
class Mark:
    """`until` is the largest value of the column when the source was last looked at, of `rows` rows.

    Both the column and the value are None where the source names no column.
    """

    column: str | None
    until: Any
    rows: int


def look(source: SqlSource, root: Path) -> tuple[Mark | None, Mark]:
    """Ask the database for its largest mark, and keep it in `source.watch` if it is another. What was, and what is.

    Raises:
        CasebookError: the database cannot be read, the query is wrong or has no rows, or marks are missing or of no
            kind that has an order.
    """
    path = root / source.watch
    with open_database(source.variable, ASKED_BY) as database:
        now = _newest(source, database)
    before = read_mark(source, root) if path.exists() else None
    if before is None or (before.column, before.until) != (now.column, now.until):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, _stored(now))
    return before, now


def read_mark(source: SqlSource, root: Path) -> Mark:
    """The mark that `look` has kept.

    Raises:
        CasebookError: the file is missing or damaged, or speaks of another column.
    """
    path = root / source.watch
    remedy = "`casebook run CASE --refresh` asks the database and writes it"
    if not path.is_file():
        raise CasebookError(f"{path}: not found; {remedy}")
    try:
        stored = read_json(path)
        until = None if stored["until"] is None else KINDS[stored["kind"]][1](stored["until"])
        mark = Mark(stored["column"], until, int(stored["rows"]))
    except (CasebookError, ValueError, KeyError, TypeError, ArithmeticError):
        raise CasebookError(f"{path}: not what this file holds; remove it, then {remedy}") from None
    if mark.column != source.watermark:
        raise CasebookError(f"{path}: of column {mark.column}, where the source has {source.watermark}; {remedy}")
    return mark


def _newest(source: SqlSource, database: Database) -> Mark:
    names = database.names(literal(source.query))
    wanted = [*([] if source.watermark is None else [source.watermark]), *source.order]
    if absent := [name for name in wanted if name not in names]:
        raise CasebookError(
            f"params.yaml: source: the query answers no column {absent[0]!r}{nearest(absent[0], names)}; there are: "
            f"{', '.join(names[:20])}"
        )
    if source.watermark is None:
        return Mark(None, None, 0)
    name = database.quoted(source.watermark)
    asked = f"select max({name}) as a, count(*) as b, count({name}) as c"
    query = f"{asked} from (\n{literal(source.query)}\n) as casebook_rows"
    _, [(until, rows, marked)] = next(database.batches(query, 1))
    if not rows:
        raise CasebookError(f"{database.shown}: the query of the source answers no rows: {source.query[:200]}")
    if marked < rows:
        raise CasebookError(
            f"{database.shown}: column {source.watermark} (the watermark) is null in {rows - marked} of {rows} rows, "
            "which would never be read; leave them out in the query, or take another column"
        )
    return Mark(source.watermark, until, rows)


def _stored(mark: Mark) -> dict[str, Any]:
    if mark.until is None:
        return {"column": mark.column, "kind": None, "until": None, "rows": mark.rows}
    kind = next((kind for kind, (type_, _) in KINDS.items() if isinstance(mark.until, type_)), None)
    if kind is None or isinstance(mark.until, bool):
        raise CasebookError(
            f"params.yaml: source: watermark: column {mark.column} holds {type(mark.until).__name__}, such as "
            f"{mark.until!r:.60}; it needs times, dates, numbers or texts that grow"
        )
    text = mark.until.isoformat() if isinstance(mark.until, date) else str(mark.until)
    return {"column": mark.column, "kind": kind, "until": text, "rows": mark.rows}
