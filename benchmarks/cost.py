"""What a command costs: seconds of wall and of CPU, its own processes and all that they waited for."""

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

REFERENCE = 1.6  # CPU seconds of `import torch` on the machine that absolute limits are stated for


@dataclass(frozen=True)
class Cost:
    """Seconds; `cpu` is user and system time."""

    wall: float
    cpu: float

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(self.wall - other.wall, self.cpu - other.cpu)


@dataclass(frozen=True)
class Ended:
    """A command that ended with 0."""

    cost: Cost
    said: str
    told: str


def cost_of(
    command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None, *, typed: str | None = None
) -> Ended:
    """Run the command in `folder`, with `typed` as its standard input.

    Raises:
        SystemExit: it did not end with 0; with the last of what it said.
    """
    before, started = _children(), time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=environment, input=typed, capture_output=True, text=True, check=False
    )
    cost = Cost(time.perf_counter() - started, _children() - before)
    if done.returncode:
        raise SystemExit(
            f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    return Ended(cost, done.stdout, done.stderr)


def median(costs: Sequence[Cost]) -> Cost:
    return Cost(statistics.median(cost.wall for cost in costs), statistics.median(cost.cpu for cost in costs))


def repeated(measured: Callable[[], Cost], times: int) -> Cost:
    return median([measured() for _ in range(times)])


def slowness(root: Path, environment: Mapping[str, str]) -> float:
    """How many times longer this machine takes for `import torch` than the one that the limits are stated for."""
    command = [sys.executable, "-c", "import torch"]
    cost_of(command, root, environment)  # reads the files
    return repeated(lambda: cost_of(command, root, environment).cost, 5).cpu / REFERENCE


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
