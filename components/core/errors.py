"""Errors a user can cause, and the exit codes they lead to."""

import difflib
import errno
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

DONE = 0
BAD_INPUT = 1
BAD_USAGE = 2
GATE_REFUSED = 3


class CasebookError(Exception):
    """Input or environment is wrong: the message says what, where and what to do.

    Commands print the message without a traceback and exit with `BAD_INPUT`.
    """


class DamagedError(CasebookError):
    """A file of ours is not what was written: a power cut, a full disk or somebody's editor has been at it."""

    def __init__(self, path: Path, reason: object, remedy: str = "remove it, and what wrote it makes it again") -> None:
        self.path, self.reason = path, reason
        super().__init__(self.told(remedy))

    def told(self, instead: str) -> str:
        """The message with what is done about it."""
        return f"{self.path}: damaged ({self.reason}); {instead}"


class StrangeError(CasebookError):
    """Rows that could be read, and are not answered: they are not written as the training rows were."""


class DivergedError(CasebookError):
    """Training never reached a finite value of its monitored metric."""


# What to do about a disk that refuses, by the number of its error.
REMEDIES: Mapping[int, str] = {
    errno.ENOSPC: "free some space there, and run this again",
    errno.EDQUOT: "free some space there, or have the quota raised, and run this again",
    errno.EACCES: "let this user read and write it and the folder that it is in, or name another place",
    errno.EPERM: "let this user read and write it and the folder that it is in, or name another place",
    errno.EFBIG: "the disk or a limit of this shell (`ulimit -f`) takes no file of that size; name another place",
    errno.EROFS: "mount it for writing, or name another place",
    errno.EIO: "the disk fails: bring the file back from a backup, on another one",
    errno.ENOENT: "bring it back, by `casebook run` where it is made from other files",
    errno.EEXIST: "something else lies there; move it away",
    errno.EISDIR: "a folder lies in the file's place; move it away",
    errno.ENOTDIR: "a file lies in the folder's place; move it away",
    errno.ENOTEMPTY: "other files lie there; move them away",
    errno.ENAMETOOLONG: "give it a shorter name",
}


def disk_problem(error: OSError, place: Path) -> str | None:
    """Path, reason and remedy of what a disk refused; None for other errors of the operating system.

    A full disk does not say which file it was: then it is `place`, a file or a folder.
    """
    if error.errno is None or error.errno not in REMEDIES:
        return None
    where = " and ".join(str(name) for name in (error.filename, error.filename2) if name is not None)
    return f"{where or place}: {error.strerror}; {REMEDIES[error.errno]}"


def most_like(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like it, or else the shortest of which it is a part, as `lr` is of `fit.lr`."""
    names = list(known)
    part = re.compile(rf"(^|[._-]){re.escape(word)}([._-]|$)")
    close = difflib.get_close_matches(word, names, n=1)
    return next(iter(close or sorted(filter(part.search, names), key=len)), None)


def suggested(absent: Iterable[str], there: Iterable[str]) -> str:
    """`'Income' (the file has 'income'), 'Age'`: names that are not there, each with those that may be meant."""
    names = [str(name) for name in there]
    return ", ".join(f"{name!r}" + _alike(name, names) for name in absent)


def _alike(word: str, names: list[str]) -> str:
    folded = [name for name in names if name.casefold().split() == word.casefold().split()]
    close = folded or difflib.get_close_matches(word, names, n=2, cutoff=0.6)
    return f" (the file has {' and '.join(map(repr, close))})" if close else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'epochs'?` for the known word that is most like it, or nothing where none is."""
    found = most_like(word, known)
    return f"; did you mean {found!r}?" if found else ""


def nearest_of(word: str, known: Iterable[str]) -> str:
    """What `nearest` says, and the words that there are, in the order given."""
    names = list(known)
    meant = nearest(word, names)
    return f"{meant}{' T' if meant else '; t'}here are: {', '.join(names) or 'none'}"
