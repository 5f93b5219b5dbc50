"""DVC's file `.dvc/tmp/rwlock`, which names the process that reads or writes each path.

To DVC 3.67 a lock counts as long as any process has that number. After a power cut the number may be somebody else's,
and every `dvc` is refused for ever. Here a lock counts while the process that took it is there; others are taken out.
"""

import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import zc.lockfile

log = logging.getLogger(__name__)

FILE, GUARD = "rwlock", "rwlock.lock"  # DVC edits the one while it holds the other
GUARD_SECONDS = 3.0
CLOCK_SECONDS = 60.0  # by which the clock of a shared disk may be behind that of the processes
PROGRAMS = ("dvc", "dvc.exe", "__main__.py")  # what `dvc …` and `python -m dvc …` have as their first word


@dataclass(frozen=True)
class Holder:
    """A process as DVC notes it: its number, and its words joined by spaces."""

    pid: int
    command: str

    def __str__(self) -> str:
        return f"process {self.pid} ({self.command})"


def free_stale(root: Path) -> None:
    """Take the locks whose process is gone out of DVC's file in `root`, and say so; a damaged file is removed."""
    path = root / ".dvc" / "tmp" / FILE
    if not path.is_file():
        return
    with _guarded(path) as ours:
        if ours:
            _clean(path)


def holders(root: Path) -> list[Holder]:
    """The processes that the file names; none where it cannot be read."""
    path = root / ".dvc" / "tmp" / FILE
    try:
        found = _holders(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return []
    return sorted(set(found), key=lambda holder: holder.pid)


@contextmanager
def _guarded(path: Path) -> Iterator[bool]:
    """Hold what DVC holds while it edits the file; false where another process keeps it, or this one may not."""
    deadline = time.monotonic() + GUARD_SECONDS
    guard = None
    while guard is None:
        try:
            guard = zc.lockfile.LockFile(str(path.with_name(GUARD)))
        except zc.lockfile.LockError:
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
        except OSError:  # DVC will say what is wrong with the folder
            break
    try:
        yield guard is not None
    finally:
        if guard is not None:
            guard.close()


def _clean(path: Path) -> None:
    try:
        written = path.stat().st_mtime
        content = json.loads(path.read_text(encoding="utf-8"))
        named = set(_holders(content))
    except FileNotFoundError:  # DVC itself may have removed it
        return
    except ValueError as error:  # DVC writes it in place: a kill or a power cut leaves half of it
        path.unlink()
        log.warning("%s: damaged (%s); removed, for no dvc could go on with it", path, error)
        return
    stale = {holder for holder in named if not at_work(holder, written)}
    for holder in sorted(stale, key=lambda holder: holder.pid):
        log.warning("%s: the lock of %s is removed: that process is gone", path, holder)
    if stale:
        _write(path, _without(content, stale), written)


def _write(path: Path, content: dict[str, Any], written: float) -> None:
    """In place, as DVC does; the time stays that at which all that is left was true."""
    path.write_text(json.dumps(content), encoding="utf-8")
    os.utime(path, (written, written))


def at_work(holder: Holder, written: float) -> bool:
    """Whether the process that took a lock, in a file of the time `written`, is still there.

    One that began later did not take it, nor did one with other words. What cannot be looked at counts as at work.
    """
    try:
        process = psutil.Process(holder.pid)
        if process.status() == psutil.STATUS_ZOMBIE or process.create_time() > written + CLOCK_SECONDS:
            return False
        return _same_command(holder.command, process)
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True


def _same_command(command: str, process: psutil.Process) -> bool:
    """Whether DVC could have noted `command`, Python's own view of its words, of this process.

    A program that has DVC as a library may have started in ways that its words do not show: any Python could be it.
    """
    words, real = command.split(), " ".join(process.cmdline()).split()
    places = [place for place, word in enumerate(words) if Path(word).name in PROGRAMS]
    if not places:
        return "python" in process.name().lower() or real[-len(words) :] == words
    arguments = words[places[0] + 1 :]
    return "dvc" in " ".join(real) and real[len(real) - len(arguments) :] == arguments


def _holders(content: Any) -> list[Holder]:
    """Every process named.

    Raises:
        ValueError: the content is not of DVC's form.
    """
    try:
        entries = [*content.get("write", {}).values()]
        for readers in content.get("read", {}).values():
            entries += readers
        return [Holder(int(entry["pid"]), str(entry["cmd"])) for entry in entries]
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"not of DVC's form: {error}") from error


def _without(content: dict[str, Any], stale: set[Holder]) -> dict[str, Any]:
    def kept(entry: dict[str, Any]) -> bool:
        return Holder(int(entry["pid"]), str(entry["cmd"])) not in stale

    write = {path: entry for path, entry in content.get("write", {}).items() if kept(entry)}
    read = {path: [entry for entry in readers if kept(entry)] for path, readers in content.get("read", {}).items()}
    return {"write": write, "read": {path: readers for path, readers in read.items() if readers}}
