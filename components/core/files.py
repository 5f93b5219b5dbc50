"""Files that appear whole or not at all, and digests."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from components.core.errors import DamagedError, most_like

CHUNK = 1 << 20


@contextmanager
def whole_file(target: Path, mode: int = 0o644) -> Iterator[Path]:
    """Yield a temporary path beside `target`; rename it onto `target` if the block succeeds, with the `mode`.

    A reader sees the old file or the new one, never a part of it. On an exception the
    temporary file is removed and `target` is left as it was.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays, for writers that choose a format by it.
    handle, name = tempfile.mkstemp(prefix=f".{target.stem}.", suffix=target.suffix, dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(mode)  # mkstemp gives 0600; readers may be other users
        _flush(temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Yield an empty temporary folder beside `target`; it replaces `target` if the block succeeds."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield temporary
        temporary.chmod(0o755)
        for path in temporary.rglob("*"):
            if path.is_file():
                _flush(path)
        if target.exists():
            shutil.rmtree(target)
        temporary.replace(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def sweep_temporaries(folder: Path, name: str) -> None:
    """Remove what a killed `whole_file` or `whole_folder` of `name` left in `folder`."""
    for path in folder.glob(f".{Path(name).stem}.*"):
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented UTF-8 JSON with sorted keys; NaN and infinity are refused."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    with whole_file(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def write_text(path: Path, text: str) -> None:
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def nearest_path(path: Path) -> str:
    """`; did you mean 'data/rows.csv'?` for a path where nothing is, by the first name on it that is not there; nothing
    where no name is like that one.
    """
    lost = path
    while not lost.parent.is_dir():
        lost = lost.parent
    try:
        found = most_like(lost.name, [one.name for one in lost.parent.iterdir() if not one.name.startswith(".")])
    except PermissionError:
        found = None
    if found is None:
        return ""
    near = lost.with_name(found)
    whole = near / path.relative_to(lost)
    return f"; did you mean '{whole if whole.exists() else near}'?"


def read_json(path: Path) -> Any:
    """The object or list that `write_json` wrote.

    Raises:
        DamagedError: there is none in the file; one that is missing is a FileNotFoundError.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DamagedError(path, f"not JSON: {error}") from None
    if not isinstance(content, dict | list):
        raise DamagedError(path, f"not JSON as it was written: {content!r:.40}")
    return content


def file_digest(path: Path, algorithm: str = "sha256") -> str:
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def dvc_md5(path: Path) -> str:
    """The md5 that `dvc.lock` records for a file or a folder.

    A folder's is the md5 of the JSON list of its files' relative paths and md5s, with `.dir`
    appended (dvc-data's `Tree.as_bytes`).
    """
    if path.is_file():
        return file_digest(path, "md5")
    entries = [
        {"md5": file_digest(file, "md5"), "relpath": file.relative_to(path).as_posix()}
        for file in path.rglob("*")
        if file.is_file()
    ]
    entries.sort(key=lambda entry: entry["relpath"])
    text = json.dumps(entries, sort_keys=True)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() + ".dir"


def json_digest(value: Mapping[str, Any]) -> str:
    """A short digest of a JSON-able mapping, the same for equal contents in any key order."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
