"""Folders of a case in a checkout, what they hold, and who is at work in them."""

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from components.core.errors import CasebookError
from components.core.job import Paths

# Folders that have one of each case, by what `dvc.lock` may name in them and what is this checkout's alone.
STAGED = ("data/raw", "data/prepared", "models", "reports", "resolved")
OWN = ("state", "state/predictions", "state/serving")
SMOKE = "state/smoke"  # results that mean nothing, of runs that were to show that the code runs


def folders(root: Path, case: str) -> list[Path]:
    """Those of the case that are there."""
    found = [root / top / case for top in (*STAGED, *OWN, SMOKE)]
    return [path for path in found if path.is_dir()]


def size(path: Path) -> int:
    """Bytes of all files below a folder, or of a file."""
    files = [path] if not path.is_dir() else [file for file in path.rglob("*") if not file.is_dir()]
    return sum(file.lstat().st_size for file in files)


def moved(path: str, old: str, new: str) -> str:
    """A path of `dvc.lock` as it is when the case has the name `new`."""
    for top in STAGED:
        if path == f"{top}/{old}" or path.startswith(f"{top}/{old}/"):
            return f"{top}/{new}" + path.removeprefix(f"{top}/{old}")
    return path


def at_work(root: Path, case: str) -> str | None:
    """What is under way on the case in this checkout, with its process; None if nothing is."""
    try:
        with held(root, case):
            return None
    except CasebookError as error:
        return str(error)


@contextmanager
def held(root: Path, case: str) -> Iterator[None]:
    """Hold every lock of the case's runs, so that none goes on or begins in what is being taken away.

    Raises:
        CasebookError: a run of the case holds one.
    """
    places = (Paths(root).state(case), root / SMOKE / case)
    with ExitStack() as stack:
        for path in sorted(path for place in places for path in place.rglob("*.lock")):
            file = stack.enter_context(path.open("r+", encoding="utf-8"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                process = file.read().strip()
                raise CasebookError(
                    f"{case}: {path.stem} is under way{f' (process {process})' if process else ''}; "
                    "wait for its end, or end it, then run this again"
                ) from None
        yield
