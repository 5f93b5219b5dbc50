"""Files that hold rows of people or credentials: this user's alone, or the group's where a checkout is shared."""

import os
import stat
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from components.core.errors import CasebookError
from components.core.yaml_files import read_yaml

SQLITE = "sqlite:///"
FILE, FOLDER = 0o600, 0o700
FILE_OF_GROUP, FOLDER_OF_GROUP = 0o660, 0o770
RIGHTS = 0o777  # of a mode; what is beside them, such as a folder's group for new files, stays
BESIDE = ("-wal", "-shm", "-journal")  # what SQLite keeps beside a database; made by it with the database's mode


def is_shared(root: Path) -> bool:
    """Whether the checkout's params say that several users work in it: `operate.shared`."""
    path = root / "params.yaml"
    try:
        return _says_shared(path, path.stat().st_mtime_ns)
    except (CasebookError, OSError):
        return False


@lru_cache(maxsize=8)  # a log has many files
def _says_shared(path: Path, _modified: int) -> bool:
    content = read_yaml(path)
    operate = content.get("operate") if isinstance(content, dict) else None
    return isinstance(operate, dict) and operate.get("shared") is True


def modes(root: Path) -> tuple[int, int]:
    """Of folders, and of files."""
    return (FOLDER_OF_GROUP, FILE_OF_GROUP) if is_shared(root) else (FOLDER, FILE)


def file_mode(root: Path) -> int:
    return modes(root)[1]


def private_folder(path: Path, root: Path) -> Path:
    """Make a folder, and keep others out of it."""
    path.mkdir(parents=True, exist_ok=True)
    set_mode(path, modes(root)[0])
    return path


def private_file(path: Path, root: Path) -> None:
    """Keep others out of a file, and out of what SQLite has beside it; an empty one is made where there is none.

    Where none can be made, who opens it next says why.
    """
    mode = file_mode(root)
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
    for one in (path, *(path.with_name(path.name + end) for end in BESIDE)):
        set_mode(one, mode)


def private_database(url: str, root: Path) -> None:
    """The same of the file of an SQLite address; the databases of a server have users of their own."""
    path = url.removeprefix(SQLITE)
    if url.startswith(SQLITE) and not path.startswith((":", "file:")):
        private_file(Path(path), root)


def set_mode(path: Path, mode: int) -> None:
    """Give a file or folder these rights; one of another user is for that one to change."""
    with suppress(FileNotFoundError, PermissionError):
        found = stat.S_IMODE(path.stat().st_mode)
        if found & RIGHTS != mode:
            path.chmod(mode | (found & ~RIGHTS))
