"""Rows of a database, read by SQLAlchemy: a batch at a time, by a query that may only read."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from components.core.errors import CasebookError
from components.core.passwords import hidden

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, CursorResult

BATCH = 20_000  # rows of a query at a time
MEMORY = (None, "", ":memory:")  # SQLite's databases without a file
NO_PARAMETER = re.compile(r"(?<![:\w\\]):(?=\w)")  # a colon of the user's that SQLAlchemy would take for a parameter


@dataclass(frozen=True)
class Database:
    """An open connection. `shown` is its address without the password."""

    connection: "Connection"
    shown: str

    def batches(self, query: str, rows: int, **parameters: Any) -> Iterator[tuple[list[str], Sequence[Any]]]:
        """The names of the columns and the rows, at most `rows` at a time; nothing where there are none.

        No more is held than a batch, where the database's driver can stream.

        Raises:
            CasebookError: two columns have one name.
        """
        result = self._answer(query, rows, parameters)
        names = _unique(list(result.keys()), self.shown)
        for part in result.partitions(rows):
            yield names, part

    def names(self, query: str) -> list[str]:
        """Of the columns that a query answers.

        Raises:
            CasebookError: two columns have one name.
        """
        with self._answer(query, 1, {}) as result:
            return _unique(list(result.keys()), self.shown)

    def _answer(self, query: str, rows: int, parameters: Mapping[str, Any]) -> "CursorResult[Any]":
        options = {"stream_results": True, "max_row_buffer": rows}
        return self.connection.execution_options(**options).execute(text(query), parameters)

    def quoted(self, name: str) -> str:
        """A column's name as this database's queries write one that may be any text."""
        return self.connection.dialect.identifier_preparer.quote_identifier(name)


@contextmanager
def open_database(variable: str, asked_by: str) -> Iterator[Database]:
    """Connect to the database whose address the environment variable holds, to read; `asked_by` names who says so.

    Raises:
        CasebookError: the variable is not set, the database cannot be reached, or what is asked of it is wrong; no
            message has the password.
    """
    address = os.environ.get(variable)
    if not address:
        raise CasebookError(
            f"{variable}: not set, and {asked_by} names it for the database's address, "
            "such as postgresql+psycopg://user:password@host/name"
        )
    try:
        url = make_url(address)
    except SQLAlchemyError:
        raise CasebookError(f"{variable}: not an address of a database; see SQLAlchemy's database URLs") from None
    shown = hidden(url.render_as_string(hide_password=True), address)
    _refuse_missing(url, variable)
    try:
        engine = create_engine(address)
        try:
            with engine.connect() as connection:
                yield Database(_to_read_only(connection), shown)
        finally:
            engine.dispose()
    except (SQLAlchemyError, ImportError) as error:
        reason = hidden(_reason(error), address)
        raise CasebookError(f"{shown}: {reason}; correct {variable} or the query") from None


def literal(query: str) -> str:
    """A user's query in which no colon begins a parameter, without the semicolon at its end."""
    return NO_PARAMETER.sub(r"\\:", query.strip().rstrip(";"))


def _refuse_missing(url: "URL", variable: str) -> None:
    """SQLite would make an empty database of a file that is not there."""
    name = url.database
    if url.get_backend_name() != "sqlite" or name is None or name in MEMORY or name.startswith("file:"):
        return
    if not Path(name).is_file():
        raise CasebookError(f"{Path(name).absolute()}: no such database; correct {variable}")


def _to_read_only(connection: "Connection") -> "Connection":
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("pragma query_only = on")
    elif connection.dialect.name == "postgresql":
        return connection.execution_options(postgresql_readonly=True)
    return connection


def _unique(names: list[str], shown: str) -> list[str]:
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise CasebookError(f"{shown}: the query answers two columns named {twice[0]!r}; give each a name of its own")
    return names


def _reason(error: Exception) -> str:
    """The database's own words, without the query and its address."""
    cause = getattr(error, "orig", None) or error
    lines = str(cause).strip().splitlines()
    return lines[0] if lines else type(cause).__name__
