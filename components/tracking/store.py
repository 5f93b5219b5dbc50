"""Opening the MLflow store: made once and whole, and every way to be out of reach said in one message."""

import logging
import os
import socket
import sqlite3
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import mlflow
from mlflow.exceptions import MlflowException

from components.core.errors import CasebookError
from components.core.files import sweep_temporaries, whole_file
from components.core.locks import held_lock
from components.core.private import file_mode, private_file
from components.tracking.address import (
    ANSWER_WITHIN,
    DAMAGE,
    SQLITE,
    VARIABLE,
    database_file,
    noted_place,
    place_note,
    store_address,
    unreachable,
)

SMALLEST = 512  # bytes of a page of SQLite, at least
PATIENCE = 20.0  # seconds to wait for another writer; MLflow's own busy timeout
# Every column in which MLflow writes an artifact's address.
ADDRESSES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


def open_store(root: Path) -> str:
    """Make the store ready for this process and return its address.

    `MLFLOW_TRACKING_URI` names it; unset, it is `mlflow.db` in `root` with its artifacts in
    `mlartifacts` beside it.

    Raises:
        CasebookError: the store is locked, cannot be written, is not a store, or does not answer.
    """
    uri = store_address(root)
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)  # it prints the traceback of what we say
    if (database := database_file(uri)) is not None:
        _open_sqlite(database)
    else:
        _knock(uri)
    _use(uri)
    return uri


def _use(uri: str) -> None:
    """Let `models:/` addresses mean this store.

    MLflow copies the address into the environment, where the next `open_store` would take it for
    the user's own.
    """
    given = os.environ.get(VARIABLE)
    mlflow.set_tracking_uri(uri)
    if given is None:
        os.environ.pop(VARIABLE, None)


def _open_sqlite(database: Path) -> None:
    artifacts = database.parent / "mlartifacts"
    try:
        if not database.exists() or database.stat().st_size == 0:
            _create(database, artifacts)
        if database.is_file() and database.stat().st_size < SMALLEST:  # SQLite itself would take it for an empty one
            raise sqlite3.DatabaseError("file is not a database")
        if (database.parent / "params.yaml").is_file():  # else a person has put it elsewhere
            private_file(database, database.parent)
        with closing(sqlite3.connect(database, timeout=PATIENCE)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")  # readers and one writer do not wait for each other
            connection.execute("BEGIN IMMEDIATE")
            connection.rollback()
        _relocate(database, artifacts)
    except (sqlite3.Error, OSError, MlflowException) as error:
        raise CasebookError(sqlite_problem(database, error)) from error


def _create(database: Path, artifacts: Path) -> None:
    """Migrate an empty database under another name: a kill or a second process leaves no half of one."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    with held_lock(_lock(database), "creating the MLflow store"):
        if database.exists() and database.stat().st_size > 0:
            return
        sweep_temporaries(database.parent, database.name)
        with whole_file(database, file_mode(database.parent)) as temporary:
            SqlAlchemyStore(f"{SQLITE}{temporary}", artifacts.as_posix()).engine.dispose()


def _relocate(database: Path, artifacts: Path) -> None:
    """Let artifacts open after the checkout has moved: MLflow stores their absolute addresses."""
    here = str(artifacts)
    if noted_place(artifacts) == here:
        return
    with held_lock(_lock(database), "moving the MLflow store's artifacts"):
        before = noted_place(artifacts) or here
        with closing(sqlite3.connect(database, timeout=PATIENCE)) as connection, connection:
            for table, column in ADDRESSES if before != here else ():
                connection.execute(
                    f"UPDATE {table} SET {column} = ? || substr({column}, ?) "  # noqa: S608 - names are constants
                    f"WHERE {column} = ? OR substr({column}, 1, ?) = ?",
                    (here, len(before) + 1, before, len(before) + 1, before + "/"),
                )
        with whole_file(place_note(artifacts)) as temporary:
            temporary.write_text(here, encoding="utf-8")


def _lock(database: Path) -> Path:
    return database.with_name(f"{database.name}.lock")


def sqlite_problem(database: Path, error: Exception) -> str:
    if "locked" in str(error):
        return (
            f"{database}: the MLflow store is locked by another process (waited {PATIENCE:g} s); "
            f"end that process (`fuser {database}` names it), then run this again"
        )
    if any(words in str(error) for words in DAMAGE):
        reason = str(error).splitlines()[0]
        return (
            f"{database}: not an MLflow store ({reason}); move the file away, bring it back by `casebook restore` if "
            "there is a backup, and run this again"
        )
    return (
        f"{database}: the MLflow store cannot be written ({error}); let this user write the file and its folder, "
        f"or set {VARIABLE} to another store"
    )


def _knock(uri: str) -> None:
    """Ask a server for any answer at all; other kinds of address are left to MLflow."""
    parts = urlsplit(uri)
    try:
        if parts.scheme in ("http", "https"):
            urllib.request.urlopen(f"{uri.rstrip('/')}/health", timeout=ANSWER_WITHIN).close()  # noqa: S310 - http only
        elif parts.hostname and parts.port:
            socket.create_connection((parts.hostname, parts.port), ANSWER_WITHIN).close()
    except urllib.error.HTTPError:
        return
    except OSError as error:
        raise CasebookError(unreachable(uri, getattr(error, "reason", error))) from error
