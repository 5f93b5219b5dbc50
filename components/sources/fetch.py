"""The raw folder of a case: its source's files, and `source.json`, which says where they come from."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from components.files import file_digest, sweep_temporaries, whole_folder, write_json
from components.source_params import FileSource, FolderSource, HttpSource, Source, WheelSource
from components.sources.copying import ORIGIN_FILE


def fetch(source: Source, folder: Path, root: Path, cache: Path) -> None:
    """Write `folder` with the files of `source` and `source.json`, whole or not at all.

    Relative paths count from `root`; downloads are kept below `cache`. The same source gives the
    same bytes again, so `source.json` has no time of day: its `modified_at` is the time that a
    file has where it comes from (ISO 8601, UTC); files of a folder or of an http source have
    none. One process at a time may fetch to a folder.

    Raises:
        CasebookError: the source is wrong or out of reach; `folder` is as it was before.
    """
    sweep_temporaries(folder.parent, folder.name)
    with whole_folder(folder) as temporary:
        FETCH[source.kind](source, temporary, root, cache)
        write_json(temporary / ORIGIN_FILE, _origin(source, temporary))


# Each imports its module when called: a case pays only for its own kind of source.
def _fetch_wheel(source: WheelSource, folder: Path, _root: Path, cache: Path) -> None:
    from components.sources.wheel.fetch import fetch as fetch_members

    fetch_members(source, folder, cache)


def _fetch_file(source: FileSource, folder: Path, root: Path, _cache: Path) -> None:
    from components.sources.file.fetch import fetch as fetch_file

    fetch_file(source, folder, root)


def _fetch_folder(source: FolderSource, folder: Path, root: Path, _cache: Path) -> None:
    from components.sources.folder.fetch import fetch as fetch_folder

    fetch_folder(source, folder, root)


def _fetch_http(source: HttpSource, folder: Path, root: Path, cache: Path) -> None:
    from components.sources.http.fetch import fetch as fetch_listed

    fetch_listed(source, folder, root, cache)


FETCH: dict[str, Callable[[Any, Path, Path, Path], None]] = {
    "wheel": _fetch_wheel,
    "file": _fetch_file,
    "folder": _fetch_folder,
    "http": _fetch_http,
}
SAID = {"kind", "requirement", "archive", "path", "base", "manifest", "licence", "citation"}
# Their many files have no time of their own: a copy of a folder and a mirror's are as good, and have another.
TIMELESS = (FolderSource, HttpSource)


def _origin(source: Source, folder: Path) -> dict[str, Any]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    timed = not isinstance(source, TIMELESS)
    files = {path.relative_to(folder).as_posix(): _facts(path, timed=timed) for path in paths}
    origin = source.model_dump(mode="json", include=SAID)
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
