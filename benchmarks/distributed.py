"""A search of a fixed number of trials by one worker and by two, over one study.

On a machine that others use, two workers wait for cores that one would have had for itself. Linux tells how long
a process was ready to run and had no core; that time is shown beside what the clock says.
"""

import os
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from benchmarks.results import Limit, Result
from benchmarks.throughput import prepared_job
from components.core.job import Job
from components.core.params.overrides import override
from components.core.recipe import recipe_of
from components.core.results import TrialRecord
from pipelines.steps.search import DATABASE
from pipelines.workers import search_together

TRIALS = 8  # beside the first of each worker, which pays for what torch and Lightning load once
ROUNDS = 3
LEAST = 1.7
LOOK_SECONDS = 0.1
# Each trial the same work: nothing is pruned, nothing stops early, and what is searched changes no cost.
VALUES: dict[str, Any] = {
    "search.prune": False,
    "search.space": {"fit.lr": {"kind": "float", "low": 0.002, "high": 0.01, "log": True}},
    "search.lost_after_s": 600,
    "fit.threads": 1,
}


@dataclass(frozen=True)
class Took:
    """Seconds: from the first counted trial to the last, of these without a core, and with all that is around."""

    trials: float
    without_core: float
    whole: float

    @property
    def own(self) -> float:
        return self.trials - self.without_core


def measure(case_name: str, root: Path) -> Result:
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="casebook-bench-") as folder:
        job = prepared_job(case_name, root, Path(folder))
        job = replace(job, params=override(job.params, VALUES))
        rounds = [(_search(job, 1), _search(job, 2)) for _ in range(ROUNDS)]
    faster = [one.trials / two.trials for one, two in rounds]
    owed = [one.own / two.own for one, two in rounds]
    store = f"the database of {DATABASE}" if os.environ.get(DATABASE) else "SQLite"
    return Result(
        name="distributed",
        title="A search by one worker and by two",
        columns=[
            "workers",
            "s from the first trial to the last",
            "of them s without a core",
            "with the start",
            "faster",
        ],
        rows=[
            [1, *_medians([one for one, _ in rounds]), None],
            [2, *_medians([two for _, two in rounds]), statistics.median(faster)],
        ],
        limits=[Limit("two workers over one", statistics.median(faster), at_least=LEAST)],
        notes=[
            f"{TRIALS} whole fits of {case_name}, one thread each, after the first of each worker; medians of {ROUNDS} "
            f"rounds of both in turn; over one study in {store}; load before {load:.1f}, after "
            f"{os.getloadavg()[0]:.1f}, on {os.cpu_count()} cores.",
            f"Rounds: {', '.join(f'{ratio:.2f}' for ratio in faster)} times as fast; less the time without a core "
            f"{statistics.median(owed):.2f} (median).",
        ],
    )


def _medians(took: list[Took]) -> list[float]:
    return [statistics.median(seconds) for seconds in zip(*map(astuple, took), strict=True)]


def _search(job: Job, workers: int) -> Took:
    job = replace(job, params=override(job.params, {"search.workers": workers, "search.trials": TRIALS + workers}))
    ended: list[TrialRecord] = []

    def tell(trials: list[TrialRecord]) -> None:
        ended[:] = trials

    with tempfile.TemporaryDirectory(dir=job.paths.root, prefix="study-") as folder:
        state = Path(folder)
        url = os.environ.get(DATABASE) or f"sqlite:///{state / 'study.db'}"
        waits = Waits(workers)
        began = time.perf_counter()
        search_together(job, recipe_of(job).training, state, url, tell)
        whole = time.perf_counter() - began
    first = sorted(one.started for one in ended)[workers].timestamp()
    last = max(one.ended for one in ended).timestamp()
    return Took(last - first, waits.between(first, last), whole)


class Waits:
    """Watches, from a thread, how long each worker has been ready to run without a core."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.seen: dict[int, list[tuple[float, float, float]]] = defaultdict(list)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def between(self, first: float, last: float) -> float:
        """Seconds, of the worker that was at it longest; 0 where the system does not tell."""
        self._stop.set()
        self._thread.join()
        found = []
        for seen in self.seen.values():
            (ran, waited), (ran_before, waited_before) = _at(seen, last), _at(seen, first)
            found.append((ran - ran_before + waited - waited_before, waited - waited_before))
        return max(found, default=(0.0, 0.0))[1]

    def _watch(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            for process in self._processes():
                try:
                    ran, waited, _ = Path(f"/proc/{process}/schedstat").read_text(encoding="ascii").split()
                except OSError:  # it has just ended, or this is no Linux
                    continue
                self.seen[process].append((time.time(), int(ran) / 1e9, int(waited) / 1e9))

    def _processes(self) -> list[int]:
        if self.workers == 1:
            return [os.getpid()]  # one alone works in this process
        if len(self.seen) == self.workers:
            return list(self.seen)
        children = psutil.Process().children()
        return [child.pid for child in children if "spawn_main" in " ".join(child.cmdline())]


def _at(seen: list[tuple[float, float, float]], moment: float) -> tuple[float, float]:
    """The last values at or before `moment`: both only grow."""
    return max(((ran, waited) for time_seen, ran, waited in seen if time_seen <= moment), default=(0.0, 0.0))
