"""One file with every store: databases of MLflow and Prefect, Optuna's studies, MLflow's artifacts, ledgers. And back.

With them go the histories of `casebook catch-up`, which no stage makes again. What git has (code, params, `dvc.lock`)
and what DVC has (data, models: `casebook push`) is not in it, nor artifacts that lie in a bucket. Databases are read
before artifacts and whole, while the servers may be up: artifacts only ever come before the rows that name them, so
none is missing. Ledgers come first: a decision is in the database before it is in the file.
"""

import importlib.metadata
import logging
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from components.core.errors import CasebookError, DamagedError, disk_problem
from components.core.files import file_digest, nearest_path, read_json, write_json
from components.core.histories import CAUGHT_UP, numbered
from components.core.passwords import hidden
from components.core.private import modes, set_mode
from components.registry.ledger_file import FOLDER as LEDGERS
from components.tracking.address import DAMAGE
from pipelines.provenance import git_state
from pipelines.servers.private import close_stores
from pipelines.servers.settings import Settings, read_settings
from pipelines.servers.supervise import running

log = logging.getLogger(__name__)

FORMAT = 1
MANIFEST, DUMP, ARTIFACTS = "manifest.json", "postgresql.dump", "mlartifacts"
DATABASES = ("mlflow.db", ".prefect/prefect.db")
STUDIES = "state/*/search/*/study.db"
SETS = f"models/*/{CAUGHT_UP}"  # folders of numbered histories
TOOLS = ("mlflow", "prefect", "optuna")


def backup(root: Path, target: Path) -> int:
    """Write the stores of `root` to the tar file `target`, readable by this user alone; return its bytes.

    Raises:
        CasebookError: there is no store or a damaged one, the file exists or cannot be written, or pg_dump is missing
            or fails.
    """
    settings = read_settings()
    with _told(target):
        if target.exists():
            raise CasebookError(f"{target}: exists; name another file")
        _write(root, target, settings)
        return target.stat().st_size


def _write(root: Path, target: Path, settings: Settings) -> None:
    with _scratch(target.parent) as folder:
        _copy_ledgers(root, folder)
        _copy_sets(root, folder)
        _copy_sqlite(root, folder)
        if settings.database is not None:
            _postgres("pg_dump", settings.database, "--format=custom", f"--file={folder / DUMP}")
        if settings.s3 is None and (root / ARTIFACTS).is_dir():
            shutil.copytree(root / ARTIFACTS, folder / ARTIFACTS)
        files = _digests(folder)
        if all(name.startswith((f"{LEDGERS}/", "models/")) for name in files):
            raise CasebookError(f"{root}: no store to back up; run this in the root of a checkout that has run a case")
        versions = {tool: importlib.metadata.version(tool) for tool in TOOLS}
        manifest = {"format": FORMAT, "made": datetime.now(UTC).isoformat(), "versions": versions, "files": files}
        write_json(folder / MANIFEST, {**manifest, "commit": git_state(root).commit, "bucket": settings.s3})
        packed = folder.with_name(f"{folder.name}.tar")
        try:
            with tarfile.open(packed, "w") as archive:
                archive.add(folder, arcname=".")
            packed.chmod(0o600)  # Prefect's blocks are in it
            packed.replace(target)
        finally:
            packed.unlink(missing_ok=True)


def restore(root: Path, source: Path, *, replace: bool = False) -> list[str]:
    """Put the stores of a backup into `root` and return their names; with `replace` over those that are there.

    Raises:
        CasebookError: the file is not there, is no backup or is damaged, servers are up, stores are in the way, or
            the database or the disk refuses.
    """
    if found := running(root):
        raise CasebookError(f"{root}: the servers are up ({len(found)} processes); `casebook down` first")
    settings = read_settings()
    if not source.exists():
        raise CasebookError(f"{source}: not found{nearest_path(source)}")
    with _told(root), _scratch(root) as folder:
        _unpack(source, folder)
        if (folder / DUMP).exists() and settings.database is None:
            raise CasebookError(f"{source}: holds a PostgreSQL database; set CASEBOOK_DATABASE_URL to an empty one")
        stores = [path.relative_to(folder) for path in _stores(folder)]
        in_the_way = [str(name) for name in stores if (root / name).exists()]
        if in_the_way and not replace:
            raise CasebookError(f"{root}: {', '.join(in_the_way)} exist; move them away, or give --replace")
        if (folder / DUMP).exists():
            assert settings.database is not None
            options = ["--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error"]
            _postgres("pg_restore", settings.database, *options, str(folder / DUMP))
        for name in stores:
            _move(folder / name, root / name)
            _close(root / name, root)
        close_stores(root)
        return [str(name) for name in stores] + ([DUMP] if (folder / DUMP).exists() else [])


@contextmanager
def _told(place: Path) -> Iterator[None]:
    """What a disk refuses while something is written to `place`, in one message."""
    try:
        yield
    except shutil.Error as error:  # of `copytree`: an error for each file
        source, _, reason = error.args[0][0]
        raise CasebookError(f"{source}: {reason}; free some space, or let this user read it") from error
    except OSError as error:
        raise CasebookError(disk_problem(error, place) or f"{place}: {error}") from error


@contextmanager
def _scratch(parent: Path) -> Iterator[Path]:
    """A folder of this user alone on the disk where the result will lie."""
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".backup.", dir=parent) as name:
        yield Path(name)


def _copy_sqlite(root: Path, folder: Path) -> None:
    """Copies of the embedded databases as they are at one moment, also while others write to them."""
    for path in [*(root / name for name in DATABASES), *sorted(root.glob(STUDIES))]:
        if not path.exists():
            continue
        copy = folder / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            with closing(sqlite3.connect(path)) as origin, closing(sqlite3.connect(copy)) as taken:
                origin.backup(taken)
                found = str(taken.execute("PRAGMA quick_check(1)").fetchone()[0])
        except sqlite3.Error as error:
            if not any(words in str(error) for words in DAMAGE):
                raise CasebookError(f"{path}: cannot be copied to {folder}: {error}; free some space there") from error
            found = str(error)
        if found != "ok":
            remedy = "`casebook restore` of an older backup brings it back; or move it away, and go on without it"
            raise DamagedError(path, found, remedy)


def _copy_ledgers(root: Path, folder: Path) -> None:
    for path in sorted((root / LEDGERS).glob("*.jsonl")):
        (folder / LEDGERS).mkdir(exist_ok=True)
        shutil.copyfile(path, folder / LEDGERS / path.name)


def _copy_sets(root: Path, folder: Path) -> None:
    for path in (one for sets in sorted(root.glob(SETS)) for one in numbered(sets)):
        shutil.copytree(path, folder / path.relative_to(root))


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): file_digest(path) for path in files}


def _unpack(source: Path, folder: Path) -> None:
    try:
        with tarfile.open(source, "r:") as archive:
            archive.extractall(folder, filter="data")
    except (tarfile.TarError, ValueError, EOFError) as error:
        raise _no_backup(source, error) from error
    files = _read_manifest(source, folder / MANIFEST)
    (folder / MANIFEST).unlink()
    found = _digests(folder)
    if wrong := sorted(name for name in {**found, **files} if found.get(name) != files.get(name)):
        raise CasebookError(f"{source}: damaged, {len(wrong)} files are not as they were, such as {wrong[0]}")


def _read_manifest(source: Path, path: Path) -> dict[str, str]:
    """The digest of each file by its name."""
    try:
        manifest = read_json(path)
        kind, files = manifest["format"], manifest["files"]
    except (FileNotFoundError, DamagedError, KeyError, TypeError) as error:
        raise _no_backup(source, error) from error
    if kind != FORMAT:
        raise CasebookError(f"{source}: a backup of format {kind}, this version reads {FORMAT}")
    if not isinstance(files, dict):
        raise _no_backup(source, f"its {MANIFEST} has no files")
    return files


def _no_backup(source: Path, why: object) -> CasebookError:
    return CasebookError(f"{source}: not a backup of `casebook backup`, or a damaged one ({why}); give another file")


def _stores(folder: Path) -> list[Path]:
    """The databases, the ledgers, the folder of artifacts and those of histories, each moved whole."""
    whole = [path for path in [folder / ARTIFACTS, *folder.glob(SETS)] if path.is_dir()]
    return sorted([*folder.rglob("*.db"), *(folder / LEDGERS).glob("*.jsonl"), *whole])


def _move(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.rmtree(target, ignore_errors=True)
    for beside in ("-wal", "-shm"):  # of the database that was there
        target.with_name(target.name + beside).unlink(missing_ok=True)
    path.replace(target)


def _close(path: Path, root: Path) -> None:
    """Give a store the rights that `operate.shared` says: unpacking has taken the group's."""
    folder, file = modes(root)
    for one in (path, *path.rglob("*")):
        set_mode(one, folder if one.is_dir() else file)


def _postgres(program: str, database: str, *options: str) -> None:
    """Run pg_dump or pg_restore on the team's database; the password goes in the environment."""
    where = conninfo_to_dict(database.replace("postgresql+psycopg://", "postgresql://", 1))
    password = str(where.pop("password", None) or "")
    environment = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    command = [program, "--no-password", f"--dbname={make_conninfo('', **where)}", *options]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise CasebookError(f"{program}: not found; install PostgreSQL's client, of the server's version") from None
    if done.returncode:
        reason = done.stderr.strip().splitlines()[0] if done.stderr.strip() else "failed"
        raise CasebookError(f"{program}: {hidden(reason, database)}")
