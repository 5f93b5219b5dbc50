"""What DVC, Prefect, MLflow and imports cost: whole runs beside a plain script, and what a process pays at its start.

A run's cost is what it takes more than `benchmarks.plain_script`, which calls the same functions with the same seeds
in one process and registers nothing. Limits in seconds are those of a machine on which `import torch` takes 1.6 CPU
seconds; here they grow with what it takes.
"""

import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dvc.utils.serialize import modify_yaml

from benchmarks.cost import Cost, cost_of, median, repeated, slowness
from benchmarks.results import Cell, Limit, Result
from benchmarks.startup import CASEBOOK, first_answer, imports_of_stages, in_words, smoke_run
from benchmarks.workspace import clean_environment, copied_checkout, copy_archives
from components.core.params.load import load_params
from components.registry.champion import champion_version
from components.tracking.track import connect

ROUNDS, REPEATS = 3, 3
KILOBYTE = 1000
SHOWN = 0.01  # seconds of a library's imports, from which on it is named
PYTHON = sys.executable
SCRIPT, REPRO, RUN, FLOW = "plain script", "`dvc repro -f`", "`casebook run --force`", "flow, all stages stale"

Rows = list[list[Cell]]


@dataclass
class Table:
    """Rows and limits so far; `slow` scales the limits that are stated in seconds."""

    slow: float
    rows: Rows = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    details: dict[str, object] = field(default_factory=dict)

    def add(self, what: str, cost: Cost, more: str = "") -> None:
        self.rows.append([what, cost.cpu, cost.wall, more])

    def at_most(self, what: str, seconds: float, limit: float) -> None:
        self.limits.append(Limit(what, seconds, at_most=limit * self.slow))


def measure(case: str, root: Path) -> Result:
    environment = clean_environment()
    table = Table(slowness(root, environment))
    _lock(root, table)
    with copied_checkout(root) as copy:
        whole_runs(case, copy, environment, table)
        _flow(case, copy, environment, table)
        _imports(case, copy, environment, table)
    with copied_checkout(root) as copy:
        _smoke(copy, environment, table)
    _answers(root, table)
    return result(table, "overhead", "What the pipeline itself costs")


def result(table: Table, name: str, title: str) -> Result:
    """The table as a benchmark's result, with how it was measured."""
    return Result(
        name=name,
        title=title,
        columns=["what", "CPU seconds", "seconds", "of which"],
        rows=table.rows,
        limits=table.limits,
        notes=[
            f"Medians of {ROUNDS} rounds in turn after one run; of {REPEATS} for what has nothing to do. Archives are "
            f"downloaded before. `import torch` takes {table.slow:.2f} times the 1.6 CPU seconds that limits are for."
        ],
        details=table.details,
    )


def _lock(root: Path, table: Table) -> None:
    """`dvc.lock` as it is now, and how long DVC takes to write it after a stage."""
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copy2(root / "dvc.lock", folder)

        def dump() -> Cost:
            wall, cpu = time.perf_counter(), time.process_time()
            with modify_yaml(copy) as content:
                content["touched"] = 1
            return Cost(time.perf_counter() - wall, time.process_time() - cpu)

        cost = repeated(dump, REPEATS)
    size = (root / "dvc.lock").stat().st_size / KILOBYTE
    table.add("`dvc.lock` read and written once", cost, f"{size:.1f} kB")
    table.limits.append(Limit("dvc.lock, kB", size, at_most=40))
    table.at_most("`dvc.lock` read and written once, CPU s", cost.cpu, 1)


def whole_runs(case: str, copy: Path, environment: Mapping[str, str], table: Table) -> None:
    """A whole new run by each way, in turn; the first one makes the MLflow store, which no later one does."""
    ways: dict[str, Callable[[], Cost]] = {
        SCRIPT: lambda: _script(case, copy, environment, table),
        REPRO: lambda: cost_of([PYTHON, "-m", "dvc", "repro", "-f", f"release@{case}"], copy, environment).cost,
        RUN: lambda: cost_of([*CASEBOOK, "run", case, "--force"], copy, environment).cost,
    }
    ways[RUN]()
    found: dict[str, list[Cost]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, run in ways.items():
            found[way].append(run())
    costs = {way: median(costs) for way, costs in found.items()}
    for way, cost in costs.items():
        table.add(f"{case}: {way}", cost, f"{cost.cpu / costs[SCRIPT].cpu:.2f} times the script's CPU time")
    for way, most in ((RUN, 25), (REPRO, 45)):
        more = median([one - other for one, other in zip(found[way], found[SCRIPT], strict=True)])
        table.at_most(f"{case}: {way} more than the script, CPU s", more.cpu, most)
        if way == RUN:
            table.at_most(f"{case}: {way} more than the script, s", more.wall, most)
    table.details[case] = {way: [vars(cost) for cost in costs] for way, costs in found.items()}


def _script(case: str, copy: Path, environment: Mapping[str, str], table: Table) -> Cost:
    with tempfile.TemporaryDirectory(dir=copy.parent) as folder:
        copy_archives(copy, Path(folder))
        ended = cost_of([PYTHON, "-m", "benchmarks.plain_script", case, "params.yaml", folder], copy, environment)
    parts = table.details.setdefault(f"{case}, parts of the script", [])
    parts.append(json.loads(ended.said.splitlines()[-1]))  # type: ignore[attr-defined]
    return ended.cost


def _flow(case: str, copy: Path, environment: Mapping[str, str], table: Table) -> None:
    flow = [PYTHON, "-m", "pipelines.develop", case]

    def anew(command: list[str]) -> Cost:
        """All stages again, because DVC has forgotten that they ever ran."""
        (copy / "dvc.lock").unlink()
        shutil.rmtree(copy / ".dvc" / "cache" / "runs", ignore_errors=True)
        return cost_of(command, copy, environment).cost

    more = median([anew(flow) - anew([*CASEBOOK, "run", case]) for _ in range(ROUNDS)])
    table.add(f"{case}: {FLOW}, more than `casebook run`", more)
    table.at_most("the flow adds to a run, s", more.wall, 15)
    nothing = repeated(lambda: cost_of(flow, copy, environment).cost, REPEATS)
    table.add(f"{case}: flow over finished stages", nothing)
    table.at_most("flow over finished stages, s", nothing.wall, 15)
    table.at_most("flow over finished stages, CPU s", nothing.cpu, 20)
    for what, command in {
        "`dvc repro` over finished stages": [PYTHON, "-m", "dvc", "repro", f"release@{case}"],
        "`casebook run` over finished stages": [*CASEBOOK, "run", case],
        "`casebook --help`": [*CASEBOOK, "--help"],
        "`casebook list`": [*CASEBOOK, "list"],
    }.items():
        table.add(what, repeated(lambda command=command: cost_of(command, copy, environment).cost, REPEATS))  # type: ignore[misc]


def _imports(case: str, copy: Path, environment: Mapping[str, str], table: Table) -> None:
    for stage, libraries in imports_of_stages(case, copy, environment).items():
        seconds = sum(libraries.values())
        table.rows.append([f"{case}: imports of {stage}", None, seconds, in_words(libraries)])
        table.details[f"imports of {stage}"] = {name: took for name, took in libraries.items() if took >= SHOWN}
    parts = table.details[f"{case}, parts of the script"]
    for stage in ("search", "compress"):
        cpu = statistics.median(part[stage]["cpu"] for part in parts)  # type: ignore[attr-defined]
        wall = statistics.median(part[stage]["wall"] for part in parts)  # type: ignore[attr-defined]
        table.add(f"{case}: {stage} without imports", Cost(wall, cpu))


def _smoke(copy: Path, environment: Mapping[str, str], table: Table) -> None:
    for case in load_params(copy / "params.yaml").cases:
        cost = smoke_run(case, copy, environment)
        table.add(f"{case}: `casebook run --smoke`", cost)
        table.at_most(f"{case}: `casebook run --smoke`, CPU s", cost.cpu, 60)


def _answers(root: Path, table: Table) -> None:
    """Of the cases that have a champion in this checkout."""
    tracker = connect(root)
    with tempfile.TemporaryDirectory() as name:
        for case in load_params(root / "params.yaml").cases:
            if champion_version(tracker, case) is None:
                continue
            first_answer(case, root, Path(name))  # reads the files
            cost = repeated(lambda case=case: first_answer(case, root, Path(name)), REPEATS)  # type: ignore[misc]
            table.add(f"{case}: `casebook predict`, one answer", cost)
            table.at_most(f"{case}: `casebook predict`, one answer, s", cost.wall, 2.5)
