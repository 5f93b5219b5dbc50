"""What DVC, Prefect and MLflow cost: the stages beside a plain script, a run with nothing to do, the flow."""

import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.results import Limit, Result
from benchmarks.workspace import clean_environment, copied_checkout, copy_archives
from pipelines.stages import STAGES

PAIRS, REPEATS = 2, 3
RUNNING = re.compile(r"Running stage '(\w+)@")
PYTHON = sys.executable


def measure(case: str, root: Path) -> Result:
    with copied_checkout(root) as copy:
        environment = clean_environment()
        # Makes the MLflow store, which a second run does not.
        _piped(case, copy, environment)
        plain, piped = [], []
        for _ in range(PAIRS):
            plain.append(_plain(case, copy, environment))
            piped.append(_piped(case, copy, environment))
        target = f"release@{case}"
        commands = {
            "no-op `dvc repro`": [PYTHON, "-m", "dvc", "repro", target],
            "no-op `dvc repro -s`, a stage at a time": [PYTHON, "-m", "dvc", "repro", "-s", "{stage}"],
            "no-op flow `python -m pipelines.develop`": [PYTHON, "-m", "pipelines.develop", case],
            "`casebook --help`": [str(Path(PYTHON).with_name("casebook")), "--help"],
        }
        quick = {name: _median(command, case, copy, environment) for name, command in commands.items()}
    parts = {name: statistics.median(run.get(name, 0.0) for run in plain) for name in ("imports", *STAGES)}
    stages = {name: statistics.median(run.get(name, 0.0) for run in piped) for name in ("start", *STAGES)}
    plain_s, piped_s = (statistics.median(run["all"] for run in runs) for runs in (plain, piped))
    ratio = statistics.median(one["all"] / other["all"] - 1 for one, other in zip(piped, plain, strict=True))
    whole, stage_wise, flow, helped = quick.values()
    rows = [[name, parts.get(name), stages.get(name)] for name in ("imports", "start", *STAGES)]
    return Result(
        name="overhead",
        title="What the pipeline itself costs",
        columns=["part", "plain script, s", "`dvc repro -f`, s"],
        rows=[*rows, ["all", plain_s, piped_s], *([name, None, seconds] for name, seconds in quick.items())],
        limits=[
            Limit("`dvc repro -f` over the plain script, share", ratio, at_most=0.25),
            Limit("`dvc repro -f` less the plain script, s", piped_s - plain_s, at_most=45),
            Limit("no-op `dvc repro`, s", whole, at_most=3),
            Limit("flow less `dvc repro` of the same stages, s", flow - whole, at_most=15),
            Limit("flow less `dvc repro -s` of each, s", flow - stage_wise, at_most=15),
            Limit("`casebook --help`, s", helped, at_most=0.5),
        ],
        notes=[
            f"Medians of {PAIRS} runs of each in turn after one of `dvc repro`; the archive is downloaded before. "
            f"The others: medians of {REPEATS}. Only `dvc repro` registers and releases."
        ],
        details={"plain": plain, "dvc": piped},
    )


def _plain(case: str, copy: Path, environment: dict[str, str]) -> dict[str, float]:
    with tempfile.TemporaryDirectory(dir=copy.parent) as folder:
        copy_archives(copy, Path(folder))
        command = [PYTHON, "-m", "benchmarks.plain_script", case, "params.yaml", folder]
        started = time.perf_counter()
        done = _checked(command, copy, environment)
        return {"all": time.perf_counter() - started, **json.loads(done.splitlines()[-1])}


def _piped(case: str, copy: Path, environment: dict[str, str]) -> dict[str, float]:
    """Seconds by stage, from one line that DVC says to the next; `start` is before the first."""
    command = [PYTHON, "-u", "-m", "dvc", "repro", "-f", f"release@{case}"]
    started, took, name = time.perf_counter(), {}, "start"
    last = started
    with subprocess.Popen(
        command,
        cwd=copy,
        env={**environment, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        said = []
        for line in process.stdout or ():
            said.append(line)
            if found := RUNNING.search(line):
                took[name], last, name = time.perf_counter() - last, time.perf_counter(), found[1]
    took[name] = time.perf_counter() - last
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{''.join(said[-30:])}")
    return {"all": time.perf_counter() - started, **took}


def _median(command: list[str], case: str, copy: Path, environment: dict[str, str]) -> float:
    """Seconds of a command; one that names `{stage}` is run for each of them, and all count."""
    many = [[part.format(stage=f"{stage}@{case}") for part in command] for stage in STAGES]
    commands = many if "{stage}" in command else [command]
    seconds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        for one in commands:
            _checked(one, copy, environment)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def _checked(command: list[str], copy: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(
            f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    return done.stdout
