"""How many cases this machine has room for side by side: a core and memory for each."""

import os
from pathlib import Path

import psutil

A_CASE = 4 * 2**30  # bytes that are kept free for each case
CGROUP = Path("/sys/fs/cgroup")


def side_by_side(asked: int, *, cores: int | None = None, free: int | None = None) -> int:
    """`asked`, or as many of them as have a core and memory of their own; one always."""
    cores = len(os.sched_getaffinity(0)) if cores is None else cores
    free = free_memory() if free is None else free
    return max(1, min(asked, cores, free // A_CASE))


def free_memory(group: Path = CGROUP) -> int:
    """Bytes that are free on this machine, and to the container that this runs in where it has a limit."""
    available = int(psutil.virtual_memory().available)
    try:
        limit = (group / "memory.max").read_text(encoding="ascii").strip()
        used = int((group / "memory.current").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return available
    return min(available, int(limit) - used) if limit.isdigit() else available
