"""Errors a user can cause, and the exit codes they lead to."""

import difflib
import re
from collections.abc import Iterable

DONE = 0
BAD_INPUT = 1
BAD_USAGE = 2
GATE_REFUSED = 3


class CasebookError(Exception):
    """Input or environment is wrong: the message says what, where and what to do.

    Commands print the message without a traceback and exit with `BAD_INPUT`.
    """


class DivergedError(CasebookError):
    """Training never reached a finite value of its monitored metric."""


def most_like(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like it, or else the shortest of which it is a part, as `lr` is of `fit.lr`."""
    names = list(known)
    part = re.compile(rf"(^|[._-]){re.escape(word)}([._-]|$)")
    close = difflib.get_close_matches(word, names, n=1)
    return next(iter(close or sorted(filter(part.search, names), key=len)), None)


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'epochs'?` for the known word that is most like it, or nothing where none is."""
    found = most_like(word, known)
    return f"; did you mean {found!r}?" if found else ""


def nearest_of(word: str, known: Iterable[str]) -> str:
    """What `nearest` says, and the words that there are, in the order given."""
    names = list(known)
    meant = nearest(word, names)
    return f"{meant}{' T' if meant else '; t'}here are: {', '.join(names) or 'none'}"
