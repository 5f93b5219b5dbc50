"""The registry of a checkout, read from its SQLite file, which nothing writes to here.

Only a database of a known schema is read, whose artifacts lie where it says; of any other nothing is known here, and
who asks goes to MLflow.
"""

import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.errors import CasebookError
from components.tracking.address import artifact_folder, database_file, noted_place
from components.tracking.reading.registry import RegisteredModel, RegisteredVersion, RunState, folder_at

SCHEMAS = ("dc11669786a5",)  # of the databases that are understood here, by Alembic's revision: that of MLflow 3.17
ELSEWHERE = ("MLFLOW_REGISTRY_URI", "MLFLOW_ENABLE_WORKSPACES")  # variables with which models are not looked for here
WORKSPACE = "default"

MODEL = "SELECT 1 FROM registered_models WHERE name = ? AND workspace = ?"
ALIASES = "SELECT alias, version FROM registered_model_aliases WHERE name = ? AND workspace = ?"
TAGS = "SELECT key, value FROM registered_model_tags WHERE name = ? AND workspace = ?"
MODELS = "SELECT name FROM registered_models WHERE workspace = ?"
ALL_ALIASES = "SELECT name, alias, version FROM registered_model_aliases WHERE workspace = ?"
ALL_TAGS = "SELECT name, key, value FROM registered_model_tags WHERE workspace = ?"
VERSION = (
    "SELECT run_id, coalesce(nullif(storage_location, ''), source) FROM model_versions "
    "WHERE name = ? AND version = ? AND workspace = ? AND current_stage != 'Deleted_Internal'"
)
VERSION_ALIASES = (
    "SELECT alias FROM registered_model_aliases WHERE name = ? AND version = ? AND workspace = ? ORDER BY alias"
)
VERSION_TAGS = "SELECT key, value FROM model_version_tags WHERE name = ? AND version = ? AND workspace = ?"
RUN = "SELECT run_uuid, name, status, lifecycle_stage FROM runs WHERE run_uuid = ?"


@dataclass(frozen=True)
class Database:
    """A `Registry` in an SQLite file; one that is not there is empty."""

    root: Path
    uri: str
    file: Path

    def registered_model(self, name: str) -> RegisteredModel | None:
        key = (name, WORKSPACE)
        found, aliases, tags = self._ask((MODEL, key), (ALIASES, key), (TAGS, key))
        if not found:
            return None
        return RegisteredModel({alias: str(version) for alias, version in aliases}, _tags(tags))

    def registered_models(self) -> dict[str, RegisteredModel]:
        names, aliases, tags = self._ask(*((query, (WORKSPACE,)) for query in (MODELS, ALL_ALIASES, ALL_TAGS)))
        return {
            name: RegisteredModel(
                {alias: str(version) for of, alias, version in aliases if of == name},
                _tags((key, value) for of, key, value in tags if of == name),
            )
            for (name,) in names
        }

    def model_version(self, name: str, number: str) -> RegisteredVersion | None:
        key = (name, _number(number), WORKSPACE)
        found, aliases, tags = self._ask((VERSION, key), (VERSION_ALIASES, key), (VERSION_TAGS, key))
        if not found:
            return None
        names = tuple(alias for (alias,) in aliases)
        return RegisteredVersion(str(key[1]), str(found[0][0]), names, _tags(tags))

    def run_state(self, run: str) -> RunState | None:
        (found,) = self._ask((RUN, (run,)))
        return RunState.of(*found[0]) if found else None

    def model_folder(self, name: str, number: str) -> Path | None:
        (found,) = self._ask((VERSION, (name, _number(number), WORKSPACE)))
        return folder_at(found[0][1]) if found else None

    def model_file(self, name: str, number: str, path: str) -> bytes | None:
        folder = self.model_folder(name, number)
        try:
            return None if folder is None else (folder / path).read_bytes()
        except FileNotFoundError:
            return None

    def _ask(self, *queries: tuple[str, Sequence[Any]]) -> list[list[tuple[Any, ...]]]:
        """The rows of each query, all of one moment."""
        if not self.file.exists():
            return [[] for _ in queries]
        try:
            with closing(_opened(self.file)) as connection:
                connection.execute("BEGIN")
                return [connection.execute(query, values).fetchall() for query, values in queries]
        except sqlite3.Error as error:
            from components.tracking.store import sqlite_problem  # it loads MLflow, which a message is worth

            raise CasebookError(sqlite_problem(self.file, error)) from error


def open_database(root: Path, uri: str) -> Database | None:
    """The registry in the SQLite file of that address; None if it has to be left to MLflow."""
    file, artifacts = database_file(uri), artifact_folder(uri)
    if file is None or artifacts is None or any(os.environ.get(name) for name in ELSEWHERE):
        return None
    if file.exists() and (noted_place(artifacts) != str(artifacts) or not _understood(file)):
        return None
    return Database(root, uri, file)


def _understood(file: Path) -> bool:
    try:
        with closing(_opened(file)) as connection:
            found = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.Error:
        return False
    return [name for (name,) in found] in [[one] for one in SCHEMAS]


def _opened(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, isolation_level=None)


def _number(text: str) -> int:
    """A version's number; -1, which none has, for what is none."""
    return int(text) if text.isdecimal() else -1


def _tags(rows: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    return {key: value or "" for key, value in rows}
