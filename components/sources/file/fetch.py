"""A file that the user has: of rows, events or lines, as text, Parquet or a workbook, packed or not."""

import os
from pathlib import Path

from components.core.errors import CasebookError
from components.core.files import nearest_path
from components.core.params.source import FileSource
from components.sources import copying

# Who reads a file tells by its bytes what it is; a picture or a program is refused here.
TEXTS = (".csv", ".tsv", ".txt", ".dat", ".data", ".jsonl", ".ndjson", ".json", ".inter", ".user", ".item")
SUFFIXES = (*TEXTS, ".parquet", ".xlsx", ".xlsb", ".xls", ".ods", ".gz", ".zip")


def fetch(source: FileSource, folder: Path, root: Path) -> None:
    """Copy the file, and those beside it, to `folder`, bytes and times; a relative path counts from `root`.

    Raises:
        CasebookError: a file is missing, a folder, unreadable, empty, of an unknown suffix or
            another digest than the pinned one, or `to` or the name of one beside is unfit.
    """
    path = root / Path(source.path).expanduser()
    wanted = {source.to: (path, source.sha256)}
    for name, digest in source.beside.items():
        if name == source.to:
            raise CasebookError(f"params.yaml: source: beside: {name!r} is the name that {path.name} gets; change `to`")
        wanted[name] = (path.parent / name, digest)
    for to, (origin, digest) in wanted.items():
        copying.check_name(to)
        _fetch_one(origin, folder, to, digest)


def _fetch_one(path: Path, folder: Path, to: str, expected: str | None) -> None:
    try:
        _check(path, to)
        digest = _copy(path, folder / to)
    except OSError as error:
        raise CasebookError(
            f"{path}: cannot be copied to {folder}: {error.strerror}; see to its permissions and to the disk"
        ) from None
    if expected is not None and digest != expected:
        raise CasebookError(
            f"{path}: expected sha256 {expected}, found {digest}; if the file was meant to change, put the new "
            "sha256 into params.yaml, or null to take any"
        )


def _check(path: Path, to: str) -> None:
    if path.is_dir():
        raise CasebookError(f"{path}: a folder; name one file in it as source.path")
    if not path.exists():
        hint = f"correct source.path (a relative one counts from the checkout){nearest_path(path)}"
        raise CasebookError(f"{path}: not found; {hint}")
    if not path.is_file():
        raise CasebookError(f"{path}: not a regular file; write its rows to one and name that as source.path")
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise CasebookError(f"{path}: suffix {suffix!r} is none of {', '.join(SUFFIXES)}; convert it to one of these")
    if Path(to).suffix != suffix:
        raise CasebookError(f"params.yaml: source: to: {to!r} must end with {suffix}, as {path.name} does")


def _copy(path: Path, target: Path) -> str:
    with path.open("rb") as stream:
        origin = os.fstat(stream.fileno())
        if origin.st_size == 0:
            raise CasebookError(f"{path}: empty file (0 bytes); give one with rows, or correct source.path")
        digest = copying.copy(stream, target, origin.st_size, path.name)
    os.utime(target, ns=(origin.st_mtime_ns, origin.st_mtime_ns))
    return digest
