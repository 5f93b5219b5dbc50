"""Lists of files with their digests, as `sha256sum` writes and checks them."""

import re
from pathlib import Path, PurePosixPath

from components.core.errors import CasebookError
from components.core.files import nearest_path
from components.sources.copying import ORIGIN_FILE

LINE = re.compile(r"^([0-9a-f]{64}) [ *](.+)$")
EXAMPLE = f"{'0' * 8}…  folder/name.jpg"


def read_manifest(path: Path) -> dict[str, str]:
    """The sha256 of each file by its path below the source's base; empty lines are passed over.

    Raises:
        CasebookError: no such file, nothing in it, a line of another form, or a path that is
            twice there, would leave the raw folder, hide in it or need a file for a folder.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        hint = f"correct source.manifest (it counts from the checkout){nearest_path(path)}"
        raise CasebookError(f"{path}: not found; {hint}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CasebookError(f"{path}: cannot be read: {error}; it is a text file as `sha256sum` writes it") from None
    files: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        found = LINE.match(line)
        if found is None:
            raise CasebookError(f"{path}: line {number}: {line[:80]!r} is not `{EXAMPLE}`; write it with `sha256sum`")
        digest, name = found.groups()
        _check(path, number, name, files)
        files[name] = digest
    if not files:
        raise CasebookError(f"{path}: names no file; write it with `sha256sum`")
    if inside := [name for name in files if any(str(up) in files for up in PurePosixPath(name).parents)]:
        raise CasebookError(f"{path}: {inside[0]!r} lies in what is a file in another line; correct one of the two")
    return files


def _check(path: Path, number: int, name: str, files: dict[str, str]) -> None:
    parts = name.split("/")
    if "\\" in name or "\0" in name or any(part == "" or part.startswith(".") for part in parts):
        raise CasebookError(
            f"{path}: line {number}: {name!r} is no path of plain names between slashes; run `sha256sum` in the folder "
            "that source.base stands for, and name no hidden files"
        )
    if name == ORIGIN_FILE:
        raise CasebookError(
            f"{path}: line {number}: {name} is the name of the file that says where the others are from"
        )
    if name in files:
        raise CasebookError(f"{path}: line {number}: {name!r} is there twice; leave one of the lines out")
