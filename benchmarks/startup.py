"""What a process pays before its work: imports of each stage, the first answer of a command, a smoke run."""

import csv
import re
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.cost import Cost, cost_of
from components.core.job import Paths
from components.core.params.load import load_params
from components.kits.tables.read import read_batches
from pipelines.stages import STAGES

CASEBOOK = [sys.executable, "-m", "pipelines.cli"]
IMPORTED = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\w+)")  # microseconds of its own, top-level package
LARGEST = 3

Libraries = Mapping[str, float]  # seconds by library, the dearest first


def imports_of_stages(case: str, copy: Path, environment: Mapping[str, str]) -> dict[str, Libraries]:
    """Seconds of imports by library, for each stage run again over the finished results in `copy`."""
    found: dict[str, Libraries] = {}
    for stage in STAGES:
        command = [sys.executable, "-X", "importtime", "-m", "pipelines.stages", stage, case]
        seconds: defaultdict[str, float] = defaultdict(float)
        for took, library in IMPORTED.findall(cost_of(command, copy, environment).told):
            seconds[library] += int(took) / 1e6
        found[stage] = dict(sorted(seconds.items(), key=lambda one: -one[1]))
    return found


def in_words(libraries: Libraries) -> str:
    return ", ".join(f"{name} {seconds:.1f}" for name, seconds in list(libraries.items())[:LARGEST])


def first_answer(case: str, root: Path, folder: Path) -> Cost:
    """`casebook predict` of one row, user, line or image of the case's own raw data, by the champion in `root`."""
    params = load_params(root / "params.yaml").case(case)
    recipe = params.recipe
    if recipe == "conversion":
        command = [*CASEBOOK, "predict", case, "-"]
        return cost_of(command, root, typed="jin tian tian qi hen hao\n").cost
    asked = folder / "asked.csv"
    if recipe == "detection":
        asked = _one_image(case, root, folder)
    elif recipe == "next_item":
        asked = _one_row(case, root, asked, only=params.prepare["columns"]["user"])
    else:
        asked = _one_row(case, root, asked)
    target = folder / ("answers.json" if recipe == "detection" else "answers.csv")
    return cost_of([*CASEBOOK, "predict", case, str(asked), "--out", str(target), "--no-log"], root).cost


def _one_row(case: str, root: Path, target: Path, *, only: str | None = None) -> Path:
    raw = Paths(root).raw(case) / load_params(root / "params.yaml").case(case).prepare["file"]
    first = next(read_batches(raw, 1)).iloc[0]
    row = {name: value for name, value in first.items() if only in (None, name)}
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerow(row)
    return target


def _one_image(case: str, root: Path, folder: Path) -> Path:
    image = pq.read_table(Paths(root).prepared(case) / "test.parquet", columns=["image", "pixels"]).slice(0, 1)
    (found,) = image.to_pylist()
    path: Path = folder / found["image"]
    path.write_bytes(found["pixels"])
    return path


def smoke_run(case: str, copy: Path, environment: Mapping[str, str]) -> Cost:
    """Once before it is measured, so that fetching from the network is not in it."""
    command = [*CASEBOOK, "run", case, "--smoke"]
    cost_of(command, copy, environment)
    return cost_of(command, copy, environment).cost
