"""A `users` or `items` block for a file that nobody has described: its ids, a title, and features with their kinds."""

import logging
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from components.core.errors import CasebookError
from components.recipes.next_item.preparation.cells import LISTED, MOST, parse_list
from components.recipes.next_item.preparation.database import one, quoted
from components.recipes.next_item.preparation.infer.found import Described
from components.recipes.next_item.preparation.infer.roles import TYPED, fit, words_of

log = logging.getLogger(__name__)

SEPARATORS = ("|", ";", ",", "/", " ")
FEW = 8  # different numbers that are classes, and bands of others
MOST_CLASSES = 200
OF_LISTS = "|"  # of cells that are lists, and are not cut at it
ROWS_A_CLASS = 5  # a class of fewer, on average, names the row rather than what it is like
RESERVED = {"id", "title", "count"}
NO_AMOUNT = {"id", "zip", "postal", "postcode", "plz", "code", "phone", "no", "nr"}  # digits that measure nothing
TITLES = {"title": 3, "titel": 3, "name": 2, "label": 1, "description": 1}
LEAST_KNOWN = 0.5  # share of ids with a row
PARTS = """
with cells as (select {text} as text from {table}),
parts as (select trim(unnest(string_split(text, {separator}))) as part from cells where text is not null)
select coalesce((select avg(contains(text, {separator})::int) from cells where text is not null), 0),
  count(distinct part), count(*) from parts where part <> ''
"""


@dataclass(frozen=True)
class Side:
    """`block` is the value of `prepare.users` or `prepare.items`; features in order, with their numbers of values."""

    block: dict[str, Any]
    values: dict[str, int]


def coverage(connection: duckdb.DuckDBPyConnection, events: str, ids: str) -> float:
    """The share of ids among events, an SQL of one column `text`, that stand in the SQL `ids`."""
    query = f"select avg((text in (select text from ({ids})))::int) from (select distinct text from ({events}))"  # noqa: S608
    (share,) = one(connection, f"{query} where text is not null")
    return float(str(share or 0.0))


def texts(file: Described, name: str, missing: Sequence[str]) -> str:
    return f"select {file.raw.text(name, missing)} as text from {file.raw.table}"  # noqa: S608 - quoted by the reader


def find_id(
    connection: duckdb.DuckDBPyConnection, side: Described, role: str, events: str, missing: Sequence[str]
) -> tuple[str, float]:
    """The column that names each row once and the most of the events' ids, and their share.

    Raises:
        CasebookError: no column names each row once.
    """
    unique = [name for name, one in side.facts.items() if one.filled and one.different == one.filled]
    likely = [name for name in side.facts if fit(name, role) > 1 or words_of(name) == ["id"]]
    if not unique:
        raise CasebookError(
            f"{side.path}: no column names each {role} once{f', not even {likely[0]!r}' if likely else ''}; leave one "
            f"row for each {role}"
        )
    shares = {name: coverage(connection, events, texts(side, name, missing)) for name in unique}
    best = max(unique, key=lambda name: (shares[name], name in likely))
    return best, shares[best]


def infer_side(
    connection: duckdb.DuckDBPyConnection,
    side: Described,
    role: str,
    events: str,
    missing: Sequence[str],
    ignore: Collection[str] = (),
) -> Side:
    """Every choice is logged, and so is what is left out."""
    name, share = find_id(connection, side, role, events, missing)
    log.info("%s: %s is the id; %.0f%% of the events' %ss have a row", side.path.name, name, 100 * share, role)
    if share < LEAST_KNOWN:
        here = one(connection, f"select min(text) from ({events})")[0]  # noqa: S608 - quoted by the reader
        there = side.facts[name].examples[0]
        log.warning(
            "%s: %.0f%% of the events' %ss have a row: %s is such as %r here, and %r there; write both alike",
            side.path.name, 100 * share, role, name, there, here,
        )  # fmt: skip
    title = _title(side, name) if role == "item" else None
    rest = [column for column in side.facts if column not in (name, title, *ignore)]
    columns: dict[str, dict[str, Any]] = {}
    values: dict[str, int] = {}
    for column in rest:
        found, count = _feature(connection, side, column, missing, sets=role == "item")
        if isinstance(found, str):
            log.info("%s: %s is left out: %s", side.path.name, column, found)
            continue
        feature = _feature_name(column, columns)
        columns[feature], values[feature] = {"column": column, **found}, count
        log.info("%s: %s is a %s%s", side.path.name, column, found["kind"], _detail(found))
    read = side.reading.model_dump(exclude_defaults=True, mode="json")
    block: dict[str, Any] = {"file": side.path.name, **({"read": read} if read else {}), "id": name}
    block |= ({"title": title} if role == "item" else {}) | {"columns": columns}
    return Side(block, values)


def _title(side: Described, key: str) -> str | None:
    scores = {
        name: max((TITLES.get(word, 0) for word in words_of(name)), default=0)
        for name, facts in side.facts.items()
        if name != key and not facts.is_number and facts.different > 0.5 * facts.filled
    }
    best = max(scores, key=lambda name: scores[name], default=None)
    if best is None or not scores[best]:
        return None
    log.info("%s: %s is the title, which people are shown", side.path.name, best)
    return best


def _feature(
    connection: duckdb.DuckDBPyConnection, side: Described, name: str, missing: Sequence[str], *, sets: bool
) -> tuple[dict[str, Any] | str, int]:
    """The block of a feature, or why it is none, and how many values it has."""
    facts = side.facts[name]
    words = set(words_of(name))
    if facts.different < 2:
        return f"it has {'one value' if facts.different else 'no value'} only", 0
    if side.raw.is_list(name) and not sets:
        return "its cells are lists, and users have one value each", 0
    if facts.is_date or facts.unit is not None:
        return "it is a date; a year, as a number, can be a feature", 0
    if facts.is_number and facts.different > FEW and not words & NO_AMOUNT:
        return _band(connection, side, name, missing)
    most = min(MOST_CLASSES, max(2, facts.filled // ROWS_A_CLASS))
    if sets and (parts := _listed(connection, side, name, missing)):
        if 2 <= len(parts) <= most:
            return {"kind": "set", "separator": OF_LISTS}, len(parts)
        return f"{len(parts):,} different values in the lists of {facts.filled:,} rows: they name them", 0
    found = _separator(connection, side, name, missing, most) if sets and not facts.is_number else None
    if found is not None:
        return {"kind": "set", "separator": found[0]}, found[1]
    if facts.different <= most:
        return {"kind": "category"}, facts.different
    return f"{facts.different:,} different values in {facts.filled:,} rows: it names them", 0


def _band(
    connection: duckdb.DuckDBPyConnection, side: Described, name: str, missing: Sequence[str]
) -> tuple[dict[str, Any], int]:
    """Edges between bands of about as many rows each."""
    shares = ", ".join(f"{place / FEW}" for place in range(1, FEW))
    text = side.raw.text(name, missing)
    query = f"select quantile_disc(try_cast({text} as double), [{shares}]) from {side.raw.table}"  # noqa: S608
    (found,) = one(connection, f"{query} where isfinite(try_cast({text} as double))")
    low = side.facts[name].low
    edges = sorted({float(edge) for edge in (found if isinstance(found, list) else ())} - {low})
    whole = [int(edge) if edge.is_integer() else edge for edge in edges]
    return {"kind": "band", "edges": whole}, len(whole) + 1


def _listed(
    connection: duckdb.DuckDBPyConnection, side: Described, name: str, missing: Sequence[str]
) -> set[str] | None:
    """The different texts in cells that are lists, or are written as such: ['a', 'b']; None where most are not."""
    if not side.raw.is_list(name) and not re.fullmatch(LISTED, side.facts[name].examples[0], re.DOTALL):
        return None
    query = f"select distinct {side.raw.text(name, missing)} from {side.raw.table}"  # noqa: S608 - quoted by the reader
    cells = [cell for (cell,) in connection.execute(query).fetchall() if cell is not None]
    lists = [cell for cell in cells if re.fullmatch(LISTED, cell, re.DOTALL)]
    if len(lists) < MOST * len(cells):
        return None
    return {part for cell in lists for part in parse_list(cell)}


def _separator(
    connection: duckdb.DuckDBPyConnection, side: Described, name: str, missing: Sequence[str], most: int
) -> tuple[str, int] | None:
    """What parts the texts in a cell, and how many texts there are: fewer than there are cells that differ."""
    facts, typed = side.facts[name], TYPED.search(name)
    candidates = (" ",) if typed and typed[1] == "token_seq" else SEPARATORS
    for separator in candidates:
        query = PARTS.format(text=side.raw.text(name, missing), table=side.raw.table, separator=quoted(separator))
        share, parts, times = (float(str(value)) for value in one(connection, query))
        if share and 2 <= parts <= most and (parts < facts.different or separator == "|") and times > facts.filled:
            return separator, int(parts)
    return None


def _feature_name(column: str, taken: Collection[str]) -> str:
    name = "_".join(re.findall(r"\w+", TYPED.sub("", column))).lower() or "feature"
    while name in RESERVED or name in taken:
        name += "_"
    return name


def _detail(found: dict[str, Any]) -> str:
    if found["kind"] == "band":
        return f" with edges {', '.join(map(str, found['edges']))}"
    return f" of texts between {found['separator']!r}" if found["kind"] == "set" else ""
