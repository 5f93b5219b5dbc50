"""What every command about models says besides its own: overrides of the gate that have ended."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from components.core.errors import CasebookError

# They read the registry or change what is in it; the others do not wait for a server's answer.
TELLING = frozenset(
    (
        *("run", "doctor", "list", "metrics", "champion", "history", "trace", "verify", "predict", "monitor"),
        *("rollback", "search", "fit", "evaluate", "compress", "promote", "crossval"),
    )
)


def tell_ended(command: str | None, root: Path) -> None:
    """A line on stderr for each override that has ended and by which a champion still stands. A registry that cannot
    be read is said by the command itself.
    """
    if command not in TELLING or "--help" in sys.argv:
        return
    from components.registry.finding import open_registry
    from components.registry.overriding import ended_overrides

    try:
        found = ended_overrides(open_registry(root), datetime.now(UTC))
    except (CasebookError, OSError):
        return
    for one in found:
        sys.stderr.write(f"{one.line}\n")
