"""The ledger's second copy, `ledger/CASE.jsonl` of a checkout: a line a decision, which a lost registry leaves behind.

A line holds the entry as its tag has it, and what registering the version again takes. Lines are written at once and
flushed to the disk, under the lock of whoever calls. The file names people, and is closed to others as the stores are.
Imports nothing of MLflow: every command that asks the registry looks here, too.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.private import file_mode, private_file, private_folder

FOLDER = "ledger"
DIGEST = 16  # hexadecimal digits of an entry's


@dataclass(frozen=True)
class Line:
    """The `number`-th line. `version` has the id of the version's `model` and its `tags`, null if it was deleted."""

    number: int
    entry: Mapping[str, Any]
    version: Mapping[str, Any] | None

    @property
    def digest(self) -> str:
        return digest_of(self.entry)


@dataclass(frozen=True)
class Content:
    """What can be read of a file, the numbers of the lines that cannot, and whether it ends in the middle of one."""

    lines: tuple[Line, ...] = ()
    unreadable: tuple[int, ...] = ()
    torn: bool = False

    @property
    def count(self) -> int:
        """Of whole lines."""
        return len(self.lines) + len(self.unreadable)

    @property
    def newest(self) -> int:
        """The highest number of a decision; 0 if there is none."""
        return max((line.entry["number"] for line in self.lines), default=0)


def ledger_path(root: Path, case: str) -> Path:
    return root / FOLDER / f"{case}.jsonl"


def canonical(words: Mapping[str, Any]) -> str:
    """An entry as its tag has it; the same text for equal entries."""
    return json.dumps(words, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest_of(entry: Mapping[str, Any]) -> str:
    """What the entries after it name it by."""
    return hashlib.sha256(canonical(entry).encode()).hexdigest()[:DIGEST]


def read_lines(path: Path) -> Content:
    """The file's lines; none where there is no file."""
    try:
        *whole, rest = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return Content()
    found = {number: _line(number, text) for number, text in enumerate(whole, start=1)}
    lines = tuple(line for line in found.values() if line is not None)
    return Content(lines, tuple(number for number, line in found.items() if line is None), bool(rest))


def _line(number: int, text: bytes) -> Line | None:
    try:
        found = json.loads(text)
        entry, version = found["entry"], found["version"]
        digest_of(entry)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    whole = isinstance(entry, dict) and type(entry.get("number")) is int and isinstance(version, dict | None)
    return Line(number, entry, version) if whole and _names(entry.get("parents")) else None


def _names(parents: object) -> bool:
    return parents is None or (isinstance(parents, list) and all(isinstance(one, str) for one in parents))


def add_lines(root: Path, case: str, lines: Sequence[tuple[Mapping[str, Any], Mapping[str, Any] | None]]) -> None:
    """Put decisions, each with its version, after the last whole line, and wait until the disk has them.

    What a power cut has left of a line goes. The caller holds the ledger's lock.
    """
    path = ledger_path(root, case)
    private_folder(path.parent, root)
    text = "".join(
        json.dumps({"entry": entry, "version": version}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        + "\n"
        for entry, version in lines
    )
    is_new = not path.exists()
    handle = os.open(path, os.O_RDWR | os.O_CREAT, file_mode(root))
    with os.fdopen(handle, "r+b") as file:
        end = file.read().rfind(b"\n") + 1
        file.truncate(end)
        file.seek(end)
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
    private_file(path, root)
    if is_new:
        _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """A new file's name is in its folder, which the disk has to have, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
