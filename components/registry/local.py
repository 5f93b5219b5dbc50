"""A registry in the checkout, read from its SQLite file: MLflow's client takes longer to load than a model to answer.

Only what is as it should be is found here. Of everything else (a server, a schema of another MLflow, a folder that has
moved or is damaged, no champion) nothing is said: who asks goes to MLflow then, which says it in its own words.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from components.registry.model_files import bundle_in, damage
from components.tracking.address import artifact_folder, database_file, noted_place, store_address

SCHEMAS = ("dc11669786a5",)  # of the databases that are understood here, by Alembic's revision: that of MLflow 3.17
ELSEWHERE = ("MLFLOW_REGISTRY_URI", "MLFLOW_ENABLE_WORKSPACES")  # variables with which models are not looked for here
WORKSPACE = "default"
CHAMPION = "champion"
ALIASES = "SELECT name, version FROM registered_model_aliases WHERE alias = ? AND workspace = ?"
FOLDER = (
    "SELECT coalesce(nullif(storage_location, ''), source) FROM model_versions "
    "WHERE name = ? AND version = ? AND workspace = ? AND current_stage != 'Deleted_Internal'"
)


@dataclass(frozen=True)
class Served:
    """A version whose bundle is whole; `is_champion` where the alias names it."""

    version: str
    bundle: Path
    is_champion: bool


def champion_versions(root: Path) -> Mapping[str, str] | None:
    """The champions' versions by case; None if MLflow has to be asked."""
    with _database(root) as connection:
        return None if connection is None else _champions(connection)


def served(root: Path, case: str, version: str | None) -> Served | None:
    """The version of that number, or the champion; None if MLflow has to be asked."""
    with _database(root) as connection:
        if connection is None:
            return None
        champion = _champions(connection).get(case)
        which = champion if version is None else version
        if which is None or not which.isdecimal():
            return None
        row = connection.execute(FOLDER, (case, int(which), WORKSPACE)).fetchone()
    place = urlsplit(row[0]) if row is not None else None
    if place is None or place.scheme not in ("", "file") or damage(folder := Path(place.path)):
        return None
    return Served(str(int(which)), bundle_in(folder), str(int(which)) == champion)


def _champions(connection: sqlite3.Connection) -> dict[str, str]:
    return {name: str(version) for name, version in connection.execute(ALIASES, (CHAMPION, WORKSPACE))}


@contextmanager
def _database(root: Path) -> Iterator[sqlite3.Connection | None]:
    """The open database, which nothing writes to here; None if it is not one that is understood."""
    uri = store_address(root)
    file, artifacts = database_file(uri), artifact_folder(uri)
    other = any(os.environ.get(name) for name in ELSEWHERE)
    if file is None or artifacts is None or other or noted_place(artifacts) != str(artifacts):
        yield None
        return
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
            yield connection if _understood(connection) else None
    except sqlite3.Error:
        yield None


def _understood(connection: sqlite3.Connection) -> bool:
    found = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    return [name for (name,) in found] in [[one] for one in SCHEMAS]
