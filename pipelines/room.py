"""What this machine has, to this process and to the container that it runs in: cores, memory, and room for cases."""

import os
from dataclasses import dataclass
from pathlib import Path

import psutil

A_CASE = 4 * 2**30  # bytes that are kept free for each case
CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Cores:
    """Those of the machine, and of them those that may be used: by this process's affinity, and its container's quota
    where there is one, in cores.
    """

    machine: int
    usable: int
    quota: float | None


@dataclass(frozen=True)
class Memory:
    """Bytes in all and free: the container's, `limited`, where it may have less than the machine has."""

    total: int
    free: int
    limited: bool


def side_by_side(asked: int, *, cores: int | None = None, free: int | None = None) -> int:
    """`asked`, or as many of them as have a core and memory of their own; one always."""
    cores = usable_cores().usable if cores is None else cores
    free = memory().free if free is None else free
    return max(1, min(asked, cores, free // A_CASE))


def usable_cores(group: Path = CGROUP) -> Cores:
    """A share of a core is none, but there is always one."""
    allowed, quota = len(os.sched_getaffinity(0)), _quota(group)
    usable = allowed if quota is None else max(1, min(allowed, int(quota)))
    return Cores(os.cpu_count() or allowed, usable, quota)


def memory(group: Path = CGROUP) -> Memory:
    found = psutil.virtual_memory()
    total, available = int(found.total), int(found.available)
    try:
        limit = (group / "memory.max").read_text(encoding="ascii").strip()
        used = int((group / "memory.current").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return Memory(total, available, limited=False)
    if not limit.isdigit() or int(limit) >= total:
        return Memory(total, available, limited=False)
    return Memory(int(limit), max(0, min(available, int(limit) - used)), limited=True)


def _quota(group: Path) -> float | None:
    try:
        most, period = (group / "cpu.max").read_text(encoding="ascii").split()
        return int(most) / int(period)
    except (OSError, ValueError):  # `max` is no number
        return None
