"""A DuckDB within limits: what does not fit in memory goes to disk, and nothing stays behind."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from components.core.errors import CasebookError

WORK = ".work"


@contextmanager
def open_database(folder: Path, memory_limit: str, threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that spills into a folder of its own below `folder`, removed at the end.

    Raises:
        CasebookError: the memory or the disk does not do.
    """
    work = folder / WORK
    work.mkdir(parents=True)
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit,
        "threads": threads,
        "temp_directory": str(work / "spilled"),
        "autoinstall_known_extensions": False,  # a data stage asks nothing of the network
    }
    try:
        with duckdb.connect(config=settings) as connection:
            connection.execute("set TimeZone = 'UTC'")  # times without a zone mean the same on every machine
            # Left to itself, the bar is drawn into logs and pipes, too.
            connection.execute(f"set enable_progress_bar = {str(sys.stdout.isatty()).lower()}")
            yield connection
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        raise CasebookError(
            f"prepare.memory_limit {memory_limit} with {threads} thread(s) does not do, or the disk of {folder.parent} "
            f"is full: {first_line(error)}; raise the limit, lower prepare.threads, or make room"
        ) from None
    finally:
        shutil.rmtree(work, ignore_errors=True)


def work_folder(connection: duckdb.DuckDBPyConnection) -> Path:
    """Where files may lie that go with the connection."""
    (spilled,) = one(connection, "select current_setting('temp_directory')")
    return Path(str(spilled)).parent / "unpacked"


def first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def quoted(text: str, mark: str = "'") -> str:
    """A text as SQL's literal, or with `mark` a double quote as a column's name."""
    return mark + text.replace(mark, mark * 2) + mark


def one(connection: duckdb.DuckDBPyConnection, query: str, *values: object) -> tuple[object, ...]:
    """The first row of a query's answer."""
    row: tuple[object, ...] = connection.execute(query, list(values)).fetchall()[0]
    return row


def run(connection: duckdb.DuckDBPyConnection, script: str, **values: object) -> None:
    """Execute statements one after the other, each with those of the named values that it uses."""
    for statement in filter(str.strip, script.split(";")):
        connection.execute(statement, {name: value for name, value in values.items() if f"${name}" in statement})
