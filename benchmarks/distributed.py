"""A search of a fixed number of trials by one worker and by two, over one study."""

import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.results import Limit, Result
from benchmarks.throughput import prepared_job
from components.contracts import Job
from components.params import override
from components.tuning.study import TrialRecord
from pipelines.cases import load_case
from pipelines.steps.search import DATABASE
from pipelines.workers import search_together

TRIALS = 16
ROUNDS = 3
LEAST = 1.7
# Each trial the same work: nothing is pruned, nothing stops early, and what is searched changes no cost.
VALUES: dict[str, Any] = {
    "search.trials": TRIALS,
    "search.prune": False,
    "search.space": {"fit.lr": {"kind": "float", "low": 0.002, "high": 0.01, "log": True}},
    "search.lost_after_s": 600,
    "fit.threads": 1,
}


def measure(case_name: str, root: Path) -> Result:
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="casebook-bench-") as folder:
        job = prepared_job(case_name, root, Path(folder))
        job = replace(job, params=override(job.params, VALUES))
        times = [{count: _seconds(job, count) for count in (1, 2)} for _ in range(ROUNDS)]
    ratios = [sample[1][0] / sample[2][0] for sample in times]
    best = {count: min((sample[count] for sample in times), key=lambda pair: pair[0]) for count in (1, 2)}
    return Result(
        name="distributed",
        title="A search by one worker and by two",
        columns=["workers", "seconds from the first trial to the last (best)", "with the start of processes", "faster"],
        rows=[
            [1, *best[1], None],
            [2, *best[2], best[1][0] / best[2][0]],
        ],
        limits=[Limit("two workers over one", best[1][0] / best[2][0], at_least=LEAST)],
        notes=[
            f"{TRIALS} whole fits of {case_name}, one thread each, {ROUNDS} rounds of both in turn; over one study in "
            f"{'the database of ' + DATABASE if os.environ.get(DATABASE) else 'SQLite'}; "
            f"load of the machine before: {load:.1f} on {os.cpu_count()} cores, rounds: "
            + ", ".join(f"{ratio:.2f}" for ratio in ratios)
        ],
        details={"rounds": [{str(count): list(pair) for count, pair in sample.items()} for sample in times]},
    )


def _seconds(job: Job, workers: int) -> tuple[float, float]:
    """From the begin of the first trial to the end of the last, and with all that is around it."""
    job = replace(job, params=override(job.params, {"search.workers": workers}))
    ended: list[TrialRecord] = []

    def tell(trials: list[TrialRecord]) -> None:
        ended[:] = trials

    with tempfile.TemporaryDirectory(dir=job.paths.root, prefix="study-") as folder:
        state = Path(folder)
        url = os.environ.get(DATABASE) or f"sqlite:///{state / 'study.db'}"
        began = time.perf_counter()
        search_together(job, load_case(job), state, url, tell)
        whole = time.perf_counter() - began
    return (max(one.ended for one in ended) - min(one.started for one in ended)).total_seconds(), whole
