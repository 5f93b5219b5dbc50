"""What retraining costs a team: bytes that each store grows by, and runs an hour, through the servers of `make up`."""

import os
import sqlite3
import statistics
import subprocess
import sys
import time
from contextlib import closing
from itertools import pairwise
from pathlib import Path

from benchmarks.results import Result
from benchmarks.workspace import IDENTITY, clean_environment, copied_checkout
from components.core.params.load import read_whole
from components.core.yaml_files import dump_yaml

RUNS = 3
RUN = """
import sys
from pathlib import Path
from pipelines.environment import prepare_environment
prepare_environment(Path.cwd())
from prefect.deployments import run_deployment
sys.exit(not run_deployment(f"retrain/{sys.argv[1]}", timeout=None, poll_interval=1).state.is_completed())
"""
STORES = {
    "MLflow's database": "mlflow.db",
    "MLflow's artifacts": "mlartifacts/**/*",
    "Prefect's database": ".prefect/prefect.db",
    "Optuna's studies": "state/*/search/*/study.db",
    "DVC's cache": ".dvc/cache/**/*",
}


def measure(case: str, root: Path) -> Result:
    with copied_checkout(root) as copy:
        environment = clean_environment() | {"PYTHONPATH": str(copy)}
        casebook = [sys.executable, "-m", "pipelines.cli"]
        _checked([*casebook, "up"], copy, environment)
        try:
            _checked([*casebook, "deploy"], copy, environment)
            sizes, seconds = [_sizes(copy)], []
            for number in range(RUNS):
                _other_seed(case, copy, number)
                started = time.perf_counter()
                _checked([sys.executable, "-c", RUN, case], copy, environment)
                seconds.append(time.perf_counter() - started)
                sizes.append(_sizes(copy))
        finally:
            _checked([*casebook, "down"], copy, environment)
    rows = [
        [name, sizes[0][name], statistics.median(later[name] - sooner[name] for sooner, later in pairwise(sizes))]
        for name in STORES
    ]
    took = statistics.median(seconds)
    return Result(
        name="growth",
        title="What a retrain adds to each store",
        columns=["store", "bytes at first", "bytes a run"],
        rows=[*rows, ["seconds a run", None, took], ["runs an hour, one after the other", None, 3600 / took]],
        notes=[
            f"{case}, medians of {RUNS} retrains by the deployment, each with another seed, on embedded stores. The "
            "first fetches and prepares as well."
        ],
        details={"sizes": sizes, "seconds": seconds},
    )


def _sizes(copy: Path) -> dict[str, int]:
    """Bytes of each store; studies whose case has a newer one are gone, so theirs is what there is."""
    return {
        name: sum(_bytes(path) for path in copy.glob(pattern) if path.is_file()) for name, pattern in STORES.items()
    }


def _bytes(path: Path) -> int:
    """Of a database what its pages hold, those in the log beside it as well; the log's own length says nothing."""
    if path.suffix != ".db":
        return path.stat().st_size
    with closing(sqlite3.connect(path, timeout=60)) as database:
        (pages,), (size,) = (database.execute(f"pragma {what}").fetchone() for what in ("page_count", "page_size"))
    return int(pages * size)


def _other_seed(case: str, copy: Path, number: int) -> None:
    """A change of the params that makes everything from the search on run again."""
    path = copy / "params.yaml"
    params = read_whole(path)
    params["cases"][case]["fit"]["seed"] += number
    path.write_text(dump_yaml(params), encoding="utf-8")
    _checked(
        ["git", *IDENTITY, "commit", "--quiet", "--allow-empty", "--all", "--message", "seed"], copy, dict(os.environ)
    )


def _checked(command: list[str], copy: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(
            f"{' '.join(command[:4])} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-3000:]}"
        )
