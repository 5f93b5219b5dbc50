"""CPU time of an answer in a process that is warm: by arrays, and by a frame made of the request and of the answer."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

from benchmarks.results import Cell, Limit, Result
from components.core.bundle import read_bundle
from components.core.errors import CasebookError
from components.core.job import PREPARED_FILES, TEST, Paths

CODE = Path(__file__).parents[1]
ROUNDS, CALLS = 7, 10
WORKER = """
import importlib, json, sys, time
from pathlib import Path
module, bundle, way = sys.argv[1:]
predictor = importlib.import_module(module).open_predictor(Path(bundle))
if way == "frames":
    import pandas as pd
    answer = lambda rows: predictor.predict(pd.DataFrame(rows)).to_dict("list")
else:
    from components.kits.tables.encoding.cells import columns_of_rows
    answer = lambda rows: predictor.answer(columns_of_rows(rows)).columns()
for line in sys.stdin:
    rows, calls = json.loads(line)
    begun = time.process_time()
    for _ in range(calls):
        found = answer(rows)
    spent = (time.process_time() - begun) / calls
    said = {name: list(found[name]) for name in ("score", "decision", "reasons")}
    print(json.dumps([1000 * spent, {name: [str(one) for one in cells] for name, cells in said.items()}]), flush=True)
"""
ONE = ("one approved row", "one declined row")  # what making frames is a large part of
WAYS = ("frames", "arrays")


class Worker:
    """A warm process with the predictor, told rows, that says what they cost and its answers."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def answer(self, rows: list[dict[str, Any]], calls: int) -> tuple[float, dict[str, list[str]]]:
        """Milliseconds of CPU a call, and the answers' columns."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([rows, calls]) + "\n")
        self._process.stdin.flush()
        if not (line := self._process.stdout.readline()):
            raise CasebookError("a process of this benchmark ended without an answer; what it said is above")
        spent, said = json.loads(line)
        return float(spent), said


def measure(case: str, root: Path) -> Result:
    paths = Paths(root)
    bundle = paths.bundle(case)
    rows = pd.read_parquet(paths.prepared(case) / PREPARED_FILES[TEST])
    with ExitStack() as stack:
        workers = {way: stack.enter_context(worker(way, bundle)) for way in WAYS}
        asked = requests(workers["arrays"], json.loads(rows.to_json(orient="records")))
        spent = {what: compared(workers, given) for what, given in asked.items()}
    found: list[list[Cell]] = [
        [what, *(median(cost[way]) for way in WAYS), ratio(cost), len(cost[WAYS[0]])] for what, cost in spent.items()
    ]
    return Result(
        name="answers",
        title="CPU time of an answer",
        columns=["request", *(f"{way}, ms" for way in WAYS), "frames / arrays", "rounds"],
        rows=found,
        limits=[
            Limit(f"{what}: CPU by frames / by arrays", ratio(spent[what]), at_least=1) for what in spent if what in ONE
        ],
        notes=[
            f"{case}: medians of {ROUNDS} rounds of {CALLS} calls, each process in turn, reasons included. "
            "The answers of both are the same."
        ],
        details={},
    )


def ratio(cost: dict[str, list[float]]) -> float:
    return median(cost[WAYS[0]]) / median(cost[WAYS[1]])


def requests(asked: Worker, rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The first row without reasons, the first with some, and the first hundred."""
    _, said = asked.answer(rows, 1)
    reasons = said["reasons"]
    approved, declined = reasons.index("[]"), next(place for place, one in enumerate(reasons) if one != "[]")
    return {
        "one approved row": [rows[approved]],
        "one declined row": [rows[declined]],
        "100 rows": [rows[place % len(rows)] for place in range(100)],
    }


def compared(workers: dict[str, Worker], rows: list[dict[str, Any]]) -> dict[str, list[float]]:
    """What each call costs each of them, in rounds that they take in turn.

    Raises:
        CasebookError: their answers differ.
    """
    said = {way: one.answer(rows, 1)[1] for way, one in workers.items()}  # warms it too
    for way, found in said.items():
        if (found["decision"], found["reasons"]) != (said[WAYS[0]]["decision"], said[WAYS[0]]["reasons"]) or any(
            abs(float(one) - float(other)) > 1e-9
            for one, other in zip(found["score"], said[WAYS[0]]["score"], strict=True)
        ):
            raise CasebookError(f"{way} answers {len(rows)} row(s) otherwise than {WAYS[0]}: {found}")
    spent: dict[str, list[float]] = {way: [] for way in workers}
    for _ in range(ROUNDS):
        for way, one in workers.items():
            spent[way].append(one.answer(rows, CALLS)[0])
    return spent


@contextmanager
def worker(way: str, bundle: Path) -> Iterator[Worker]:
    module = read_bundle(bundle, threads=1).manifest.module
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, module, str(bundle), way],
        cwd=CODE,
        env={**os.environ, "PYTHONPATH": str(CODE), "OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Worker(process)
        assert process.stdin is not None
        process.stdin.close()
