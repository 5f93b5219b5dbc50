"""The version that should serve and its files, found without MLflow: who only answers need not have it.

A checkout's own SQLite file is read as it lies there, also where the checkout has moved and nobody has told the file
so, and where nothing may be written. Of a registry behind HTTP, files that are not on this disk are brought over into
`state/serving`, each checked by the digest that it was registered with. What only MLflow understands is left to it.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from components.core.errors import CasebookError
from components.core.files import whole_folder, write_json
from components.core.job import AnyJob
from components.core.locks import held_lock
from components.core.private import private_folder
from components.registry.finding import Served, number_of, open_registry
from components.registry.model_files import ARTIFACTS, FILES, bundle_in, damage, histories_beside, unreadable
from components.tracking.address import artifact_folder, database_file, noted_place, store_address, without_login
from components.tracking.reading.database import ELSEWHERE, SCHEMAS, VERSION, WORKSPACE, Database
from components.tracking.reading.registry import Registry, folder_at
from components.tracking.reading.server import Server, open_server


@dataclass(frozen=True)
class OwnDatabase(Database):
    """The SQLite file of a checkout. Artifacts whose addresses begin with `before` lie below `now`."""

    before: str = ""
    now: str = ""

    def model_folder(self, name: str, number: str) -> Path | None:
        if not number.isdecimal():
            return None
        (found,) = self._ask((VERSION, (name, int(number), WORKSPACE)))
        if not found:
            return None
        address = str(found[0][1])
        moved = self.before and address.removeprefix("file://").startswith(f"{self.before}/")
        return folder_at(self.now + address.removeprefix("file://")[len(self.before) :] if moved else address)

    def _ask(self, *queries: tuple[str, Sequence[Any]]) -> list[list[tuple[Any, ...]]]:
        try:
            with closing(_connected(self.file)) as connection:
                connection.execute("BEGIN")
                return [connection.execute(query, values).fetchall() for query, values in queries]
        except sqlite3.Error as error:
            raise CasebookError(f"{self.file}: the registry cannot be read ({error})") from error


def _connected(file: Path) -> sqlite3.Connection:
    """The file, to read. Where SQLite may not lay its own files beside it, nobody on this machine writes, either."""
    fixed = not os.access(file.parent, os.W_OK) and not file.with_name(f"{file.name}-wal").exists()
    mode = "mode=ro&immutable=1" if fixed else "mode=ro"
    return sqlite3.connect(f"{file.as_uri()}?{mode}", uri=True, isolation_level=None)


def registry_to_read(root: Path) -> Registry:
    """The registry of `MLFLOW_TRACKING_URI`, or the one embedded in `root`.

    Raises:
        CasebookError: it does not answer, or only MLflow could open it, which is not installed here.
    """
    uri = store_address(root)
    found = open_server(root, uri) or _own_database(root, uri)
    if found is not None:
        return found
    try:
        return open_registry(root)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "mlflow":
            raise
        raise CasebookError(
            f"{without_login(uri)}: only MLflow can open this registry, and it is not installed here; serve from a "
            "checkout's own mlflow.db or an MLflow server's address, or `pip install 'casebook[train]'`"
        ) from None


def _own_database(root: Path, uri: str) -> OwnDatabase | None:
    file, artifacts = database_file(uri), artifact_folder(uri)
    if file is None or artifacts is None or not file.is_file() or any(os.environ.get(name) for name in ELSEWHERE):
        return None
    try:
        with closing(_connected(file)) as connection:
            schema = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.Error as error:
        raise CasebookError(f"{file}: the registry cannot be read ({error})") from error
    if schema not in [[(one,)] for one in SCHEMAS]:
        return None
    return OwnDatabase(root, uri, file, noted_place(artifacts) or "", str(artifacts))


class Finding:
    """Finds the version of a number or alias, or the champion. A version's files are hashed when it is found to be
    another one than at the last look, not at each.
    """

    def __init__(self) -> None:
        self._last: dict[tuple[Path, str, str | None], Served] = {}

    def __call__(self, job: AnyJob, which: str | None) -> Served:
        """As `found`, of the job's checkout and case."""
        return self.found(job.paths.root, job.case, which)

    def found(self, root: Path, case: str, which: str | None) -> Served:
        """The version, its files there and those that were registered.

        Raises:
            CasebookError: the store cannot be reached, or there is no such version, no champion, or not all of its
                files.
        """
        registry = registry_to_read(root)
        number, is_champion = number_of(registry, case, which)
        last = self._last.get((root, case, which))
        if last is None or last.version != number or not last.bundle.is_dir():
            bundle = bundle_in(_files(registry, case, number))
            last = Served(number, bundle, is_champion, histories_beside(bundle))
            self._last[root, case, which] = last
        return replace(last, is_champion=is_champion)


def _files(registry: Registry, case: str, number: str) -> Path:
    """The model folder of a version, whole."""
    folder = registry.model_folder(case, number)
    broken = [FILES] if folder is None else damage(folder)
    if folder is not None and not broken:
        return folder
    if isinstance(registry, Server):
        return _fetched(registry, case, number)
    if isinstance(registry, Database):
        raise unreadable(case, number, broken)
    from components.registry.register import model_of
    from components.tracking.track import Tracker, connect

    return model_of(registry if isinstance(registry, Tracker) else connect(registry.root), case, number)


def _fetched(server: Server, case: str, number: str) -> Path:
    """What answering takes of the server's copy: the bundle, and the texts and histories beside it."""
    content = server.model_file(case, number, FILES) or b""
    expected = _digests(content)
    if expected is None:
        raise unreadable(case, number, [FILES])
    target = server.root / "state" / "serving" / case / f"{number}-{hashlib.sha256(content).hexdigest()[:12]}"
    for place in (target.parent.parent, target.parent):  # what a version keeps of users is among its files
        private_folder(place, server.root)
    with held_lock(target.parent / ".lock", f"bringing {case} version {number}"):  # one of several processes does it
        if not damage(target):
            return target
        with whole_folder(target) as draft:
            for name, digest in expected.items():
                said = server.model_file(case, number, name)
                if said is None or hashlib.sha256(said).hexdigest() != digest:
                    raise unreadable(case, number, [name])
                (draft / name).parent.mkdir(parents=True, exist_ok=True)
                (draft / name).write_bytes(said)
            write_json(draft / FILES, expected)
    return target


def _digests(content: bytes) -> Mapping[str, str] | None:
    """Of the files that are needed, by their names; None if that is no list of a model's files."""
    try:
        found = json.loads(content)
    except ValueError:
        return None
    if not isinstance(found, dict) or any(".." in PurePosixPath(name).parts for name in found):
        return None
    return {name: str(digest) for name, digest in found.items() if name.startswith(f"{ARTIFACTS}/")}


find = Finding()
