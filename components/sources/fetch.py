"""The raw folder of a case: its source's files, and `source.json`, which says where they come from."""

import importlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from components.core.files import file_digest, sweep_temporaries, whole_folder, write_json
from components.core.params.source import FolderSource, HttpSource, Source, SqlSource, WheelSource
from components.core.passwords import without_login
from components.sources.copying import ORIGIN_FILE


def fetch(source: Source, folder: Path, root: Path, cache: Path) -> None:
    """Write `folder` with the files of `source` and `source.json`, whole or not at all.

    Relative paths count from `root`; downloads are kept below `cache`. The same source gives the
    same bytes again, so `source.json` has no time of day: its `modified_at` is the time that a
    file has where it comes from (ISO 8601, UTC); files of a folder, an http source or a query
    have none. One process at a time may fetch to a folder.

    Raises:
        CasebookError: the source is wrong or out of reach; `folder` is as it was before.
    """
    sweep_temporaries(folder.parent, folder.name)
    with whole_folder(folder) as temporary:
        FETCH[source.kind](source, temporary, root, cache)
        write_json(temporary / ORIGIN_FILE, _origin(source, temporary))


# Modules by the kind of source, imported when called: a case pays, and rests on, its own kind alone.
def _of(kind: str) -> Callable[..., None]:
    found: Callable[..., None] = importlib.import_module(f"components.sources.{kind}.fetch").fetch
    return found


FETCH: dict[str, Callable[[Any, Path, Path, Path], None]] = {
    "wheel": lambda source, folder, _root, cache: _of("wheel")(source, folder, cache),
    "file": lambda source, folder, root, _cache: _of("file")(source, folder, root),
    "folder": lambda source, folder, root, _cache: _of("folder")(source, folder, root),
    "sql": lambda source, folder, root, _cache: _of("sql")(source, folder, root),
    "http": lambda *given: _of("http")(*given),  # noqa: PLW0108 - imported when called
}
SAID = {"kind", "requirement", "archive", "path", "base", "manifest", "query", "watermark", "licence", "citation"}
# Their files have no time of their own: a copy of a folder, a mirror's and those of a query are as good, with another.
TIMELESS = (FolderSource, HttpSource, SqlSource)


def _origin(source: Source, folder: Path) -> dict[str, Any]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    timed = not isinstance(source, TIMELESS)
    files = {path.relative_to(folder).as_posix(): _facts(path, timed=timed) for path in paths}
    said = source.model_dump(mode="json", include=SAID).items()
    origin = {key: without_login(value) if isinstance(value, str) else value for key, value in said}
    if isinstance(source, WheelSource):
        for package in source.packages:
            for member in package.members:
                pinned = {"requirement": package.requirement, "member": member.path, "member_sha256": member.sha256}
                files[member.to] |= pinned
    return origin | {"files": files}


def _facts(path: Path, *, timed: bool) -> dict[str, Any]:
    facts = path.stat()
    modified = datetime.fromtimestamp(int(facts.st_mtime), UTC)
    time = {"modified_at": modified.isoformat()} if timed else {}
    return {"sha256": file_digest(path), "bytes": facts.st_size, **time}
