"""Errors a user can cause, and the exit codes they lead to."""

import difflib
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


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'epochs'?` for the known word that is most like it, or nothing where none is."""
    found = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {found[0]!r}?" if found else ""
