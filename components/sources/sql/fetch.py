"""What a query of a database answers, as one Parquet file, with memory flat."""

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from components.core.databases import BATCH, Database, literal, open_database
from components.core.errors import CasebookError
from components.core.params.source import SqlSource
from components.sources import copying
from components.sources.sql.watermark import ASKED_BY, read_mark

log = logging.getLogger(__name__)


def fetch(source: SqlSource, folder: Path, root: Path) -> None:
    """Write the rows of `source.query` to `folder`, of those with a watermark the ones up to that of `source.watch`.

    A later fetch at the same mark gives the same rows, as long as the database changes no older ones. Times in a zone
    become UTC.

    Raises:
        CasebookError: the database cannot be read, the query is wrong or has no rows, or a column holds values of two
            types, or of one that Parquet does not have.
    """
    copying.check_name(source.to)
    mark = read_mark(source, root)
    with open_database(source.variable, ASKED_BY) as database, TemporaryDirectory(dir=folder) as parts:
        query, parameters = _bounded(source, database, mark.until)
        schemas = list(_write_parts(database.batches(query, BATCH, **parameters), Path(parts), database.shown))
        if not schemas:
            raise CasebookError(f"{database.shown}: the query of the source answers no rows: {source.query[:200]}")
        count = _join(Path(parts), _common(schemas, database.shown), folder / source.to)
    log.info("%s: %d rows%s", database.shown, count, "" if mark.until is None else f" up to {mark.column} {mark.until}")


def _bounded(source: SqlSource, database: Database, until: Any) -> tuple[str, dict[str, Any]]:
    query, names = literal(source.query), list(source.order)
    where = ""
    if source.watermark is not None:
        names.insert(0, source.watermark)
        where = f"\nwhere {database.quoted(source.watermark)} <= :casebook_until"
    if not names:
        return query, {}
    order = ", ".join(database.quoted(name) for name in names)
    whole = f"select * from (\n{query}\n) as casebook_rows{where}\norder by {order}"  # noqa: S608 - the user's own query
    return whole, {} if source.watermark is None else {"casebook_until": until}


def _write_parts(batches: Iterator[tuple[list[str], Sequence[Any]]], folder: Path, shown: str) -> Iterator[pa.Schema]:
    """Each batch as a file of its own types: a column's may only be known from a later one."""
    for place, (names, rows) in enumerate(batches):
        columns = [_column(name, values, shown) for name, values in zip(names, zip(*rows, strict=True), strict=True)]
        table = pa.table(columns, names=names)
        pq.write_table(table, folder / f"{place:09d}.parquet", compression="zstd")
        yield table.schema


def _column(name: str, values: Sequence[Any], shown: str) -> pa.Array:
    try:
        return pa.array([_plain(value) for value in values], from_pandas=True)
    except (pa.ArrowException, OverflowError, TypeError) as error:
        kinds: dict[str, Any] = {}
        for value in values:
            if value is not None:
                kinds.setdefault(type(value).__name__, value)
        held = ", ".join(f"{kind} ({str(value)[:40]!r})" for kind, value in kinds.items())
        raise CasebookError(
            f"{shown}: column {name} of the query holds {held}, of which Parquet makes no column: {error}; "
            "CAST it to one type in the query"
        ) from None


def _plain(value: Any) -> Any:
    """A driver's value as one that Arrow knows."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    if isinstance(value, UUID):
        return str(value)
    return value


def _common(schemas: list[pa.Schema], shown: str) -> pa.Schema:
    try:
        schema = pa.unify_schemas(schemas, promote_options="permissive")
    except pa.ArrowException as error:
        raise CasebookError(
            f"{shown}: a column of the query has one type in some rows and another in others: {error}; CAST it to one "
            "type in the query"
        ) from None
    # A column without any value is one of texts: a file of them is read everywhere.
    return pa.schema([field.with_type(pa.string()) if pa.types.is_null(field.type) else field for field in schema])


def _join(folder: Path, schema: pa.Schema, target: Path) -> int:
    count = 0
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for path in sorted(folder.iterdir()):
            table = pq.read_table(path).cast(schema)
            writer.write_table(table)
            count += table.num_rows
    return count
