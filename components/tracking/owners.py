"""Which process a run belongs to, as tags of it, so that one whose process is gone can be told from one at work."""

import socket
from collections.abc import Mapping

import psutil

HIDDEN = "mlflow.casebook."  # MLflow's pages show no tag of its own prefix: these are for programs
OLDER = "casebook."  # what runs of earlier checkouts have in its place
HOST, PID, STARTED = f"{HIDDEN}host", f"{HIDDEN}pid", f"{HIDDEN}process_started"


def owner() -> dict[str, str]:
    """Tags that name this process; its start time tells it from a later one with the same number."""
    process = psutil.Process()
    return {HOST: socket.gethostname(), PID: str(process.pid), STARTED: f"{process.create_time():.2f}"}


def alive(tags: Mapping[str, str]) -> bool:
    """Whether the process that `owner` tagged may still be at work; true where that cannot be told from here."""
    older = {f"{HIDDEN}{tag.removeprefix(OLDER)}": value for tag, value in tags.items() if tag.startswith(OLDER)}
    tags = {**older, **tags}
    if not {HOST, PID, STARTED} <= tags.keys() or tags[HOST] != socket.gethostname():
        return True
    try:
        process = psutil.Process(int(tags[PID]))
        # The clock may have been set since; and a zombie has ended, whatever its parent has yet to read.
        return abs(process.create_time() - float(tags[STARTED])) < 5 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
