"""Errors a user can cause, and the exit codes they lead to."""

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
