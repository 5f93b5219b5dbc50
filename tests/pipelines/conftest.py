"""A checkout of its own for each test: the project's code and a small case, committed, on this machine's tools."""

import copy
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from components.core.params.load import read_whole, stated_block, whole_block
from components.core.recipe import load_recipe
from components.core.yaml_files import dump_yaml, read_yaml
from components.serving.finding import find
from tests.forks import AT_START, TRAINING, forks
from tests.once import made_once
from tests.toy.jobs import TOY, toy_params

ROOT = Path(__file__).resolve().parents[2]
CODE = ("components", "pipelines", ".dvc/config", ".dvc/.gitignore", ".dvcignore", ".gitignore", "Procfile", "dvc.yaml")
ROWS = Path("tests/toy/finance_risk/rows.csv")
FAULT = Path(__file__).with_name("fault.py")
MOMENT = 10.0  # seconds that one which has just been killed may take to go, on a busy machine
# The variables by which a person points these tools elsewhere, and what a test session of our own would leave.
FOREIGN = ("MLFLOW_", "PREFECT_", "CASEBOOK_", "DVC_", "GIT_", "PIP_", "FAULT_")
WARM = """
import os, subprocess, sys
from pathlib import Path
from pipelines.warm.start import warm_helper
with warm_helper(Path.cwd(), os.environ) as variables:
    code = subprocess.run(sys.argv[1:], env={**os.environ, **variables}, start_new_session=True).returncode
sys.exit(code)
"""
SMALL: dict[str, Any] = {
    "model.network.k": 2,
    "model.network.blocks": 1,
    "model.network.width": 16,
    "model.lightgbm.seeds": 1,
    "model.lightgbm.settings.n_estimators": 20,
    "model.lightgbm.settings.min_child_samples": 5,
    "model.few.rows": 0,  # cross-fitting has tests of its own
    "model.blend.calibrators": ["identity", "platt"],
    "search.trials": 2,
    "search.startup_trials": 1,
    "search.space": {
        "fit.lr": {"kind": "float", "low": 0.002, "high": 0.01, "log": True},
        "model.network.width": {"kind": "choice", "values": [16, 24]},
    },
    "fit.max_epochs": 4,
    "fit.batch_size": 64,
    "evaluate.resamples": 100,
    "evaluate.min_group": 5,
    "compress.max_metric_drop": 0.2,
    "compress.variants.int8_static.calibration_rows": 64,
    "compress.latency_rows": 64,
    "compress.latency_repeats": 10,
    "compress.resamples": 100,
    "compress.variants.pruned.epochs": 3,
    "compress.variants.distilled.epochs": 2,
    "compress.variants.distilled.model": {"network.width": 8},
    "release.floors": {"auc": 0.5},
    "release.baseline_margin": -1.0,
    "release.calibration_margin": None,
    "release.resamples": 100,
}


@dataclass
class Ended:
    code: int
    said: str


@dataclass
class Started:
    """A running command, the leader of a session of its own; what it says goes to a file, which outlives it."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait(self, seconds: float = 800) -> Ended:
        return Ended(self.process.wait(seconds), self.said)


@dataclass
class Checkout:
    """A git repository with the project's code, and what a person would do in it."""

    root: Path
    environment: dict[str, str]

    def start(self, *command: str, **variables: str) -> Started:
        log = self.root.parent / f"said-{uuid.uuid4().hex[:8]}.txt"
        with log.open("wb") as file:
            process = subprocess.Popen(
                command,
                cwd=self.root,
                env=self.environment | variables,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return Started(process, log)

    def run(self, *command: str, **variables: str) -> Ended:
        """What a command says and ends with; one of ours is forked from a process that has its libraries."""
        ours = command[:2] == ("python", "-m") and command[2].startswith("pipelines.")
        if ours and not variables.keys() & {"PATH", *AT_START}:
            environment = self.environment | variables
            done = forks(TRAINING).run(*command[1:], cwd=self.root, env=environment, together=True)
            return Ended(done.returncode, done.stdout)
        started = self.start(*command, **variables)
        try:
            return started.wait()
        finally:
            kill_group(started.process.pid)

    def repro(self, *arguments: str, **variables: str) -> Ended:
        return self.run("dvc", "repro", *arguments, **variables)

    def warm_repro(self, *arguments: str, **variables: str) -> Ended:
        """`dvc repro` of a run that has a helper, as `casebook run` has."""
        return self.run(sys.executable, "-c", WARM, "dvc", "repro", *arguments, **{**variables, "CASEBOOK_COLD": ""})

    def stage(self, stage: str, case: str = "toy", **variables: str) -> Ended:
        """As `dvc repro` runs it: the stage `code` first, whose failure is the end of it."""
        resolved = self.resolve()
        return resolved if resolved.code else self.run("python", "-m", "pipelines.stages", stage, case, **variables)

    def resolve(self) -> Ended:
        """Bring up to date what the stages read, as `dvc repro` does first."""
        return self.run("python", "-m", "pipelines.code")

    def fault(self, at: str, victim: str = "group", call: int = 1) -> dict[str, str]:
        """Variables under which a stage harms `victim` at the `call`-th call of `at`; see fault.py."""
        shim = self.root.parent / "bin" / "python"
        shim.parent.mkdir(exist_ok=True)
        shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{FAULT}" "$@"\n', encoding="utf-8")
        shim.chmod(0o755)
        return {
            "PATH": f"{shim.parent}{os.pathsep}{self.environment['PATH']}",
            "FAULT_AT": at,
            "FAULT_VICTIM": victim,
            "FAULT_CALL": str(call),
            "FAULT_MARK": str(self.mark),
            "FAULT_EPOCHS": str(self.root.parent / "epochs"),
        }

    @property
    def mark(self) -> Path:
        """A file that appears when the fault strikes."""
        return self.root.parent / "fault-struck"

    def struck(self) -> bool:
        """Whether the fault has struck; asking forgets it."""
        struck = self.mark.exists()
        self.mark.unlink(missing_ok=True)
        return struck

    def params(self) -> dict[str, Any]:
        return dict(read_yaml(self.root / "params.yaml"))

    def write_params(self, params: dict[str, Any]) -> None:
        (self.root / "params.yaml").write_text(dump_yaml(params), encoding="utf-8")

    def set(self, dotted: str, value: Any, case: str = "toy") -> None:
        """Edit one parameter of a case."""
        params = self.params()
        whole = whole_block(params["cases"][case], "params.yaml")
        put(whole, dotted, value)
        params["cases"][case] = explicit(whole) if isinstance(whole.get("recipe"), str) else whole
        self.write_params(params)

    def append(self, path: str, text: str) -> None:
        with (self.root / path).open("a", encoding="utf-8") as file:
            file.write(text)

    def git(self, *arguments: str) -> str:
        command = ["git", "-c", "user.name=A Person", "-c", "user.email=person@example.org", *arguments]
        return subprocess.run(
            command, cwd=self.root, env=self.environment, check=True, capture_output=True, text=True
        ).stdout

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Toy", "--no-verify")

    def json(self, path: str) -> Any:
        return json.loads((self.root / path).read_text(encoding="utf-8"))

    def lock(self) -> dict[str, Any]:
        return dict(yaml.safe_load((self.root / "dvc.lock").read_text(encoding="utf-8"))["stages"])

    def stale(self) -> list[str]:
        """The stages that `dvc repro` would run, or at least look into again."""
        assert self.resolve().code == 0
        status = self.run("dvc", "status", "--json")
        assert status.code == 0, status.said
        return sorted(json.loads(status.said[status.said.index("{") :]).keys() - {"code"})

    def outs(self) -> dict[str, str]:
        """The md5 of every out in dvc.lock."""
        return {out["path"]: out["md5"] for stage in self.lock().values() for out in stage["outs"]}

    def digests(self, folder: str) -> dict[str, str]:
        """The md5 of every file below a folder."""
        files = sorted(path for path in (self.root / folder).rglob("*") if path.is_file())
        return {str(path.relative_to(self.root)): hashlib.md5(path.read_bytes()).hexdigest() for path in files}  # noqa: S324

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query of the MLflow database answers."""
        with closing(sqlite3.connect(self.root / "mlflow.db")) as connection:
            return connection.execute(query).fetchall()

    def runs(self, stage: str) -> list[tuple[str, str]]:
        """Name and status of a stage's MLflow runs, the newest last."""
        tagged = f"select run_uuid from tags where key = 'casebook.stage' and value = '{stage}'"  # noqa: S608 - our own
        return self.rows(f"select name, status from runs where run_uuid in ({tagged}) order by start_time")  # noqa: S608

    def leftovers(self) -> list[str]:
        """Temporary files and folders that a kill left in a place that people look into."""
        found = [path for top in ("data", "models", "reports") for path in (self.root / top).rglob(".*")]
        return sorted(str(path.relative_to(self.root)) for path in found if path.name != ".gitignore")


def put(content: dict[str, Any], dotted: str, value: Any) -> None:
    *parents, last = dotted.split(".")
    for part in parents:
        content = content[part]
    content[last] = value


def kill_group(group: int) -> None:
    """Kill what is left of a process group; a passed test leaves nothing."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def tools() -> dict[str, str]:
    """The environment of a person who has activated the virtual environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return kept | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPYCACHEPREFIX": "",  # none: pip has put the libraries' bytecode beside them
        "OMP_NUM_THREADS": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",  # the same commit in every checkout
        "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
        "COLUMNS": "200",
    }


def toy() -> dict[str, Any]:
    """finance_risk with its own schema, on 400 rows, with little to train."""
    case = read_whole(ROOT / "params.yaml")["cases"]["finance_risk"]
    case["source"] = {
        "kind": "file",
        "path": str(ROWS),
        "watch": str(ROWS),
        "beside": {},
        "to": "rows.csv",
        "sha256": None,
        "licence": "made up",
        "citation": "none",
    }
    case["prepare"]["file"] = "rows.csv"
    for dotted, value in SMALL.items():
        put(case, dotted, copy.deepcopy(value))  # shared, YAML would write it once, and one edit change both cases
    return explicit(case)


def explicit(whole: dict[str, Any]) -> dict[str, Any]:
    """A whole block to be written: the defaults' entries that it has not are null, or they would come back."""
    return with_nulls(whole, stated_block(whole, "params.yaml"))


def with_nulls(whole: dict[str, Any], stated: dict[str, Any]) -> dict[str, Any]:
    below = {key: with_nulls(whole.get(key) or {}, value) for key, value in stated.items() if isinstance(value, dict)}
    return {**whole, **{key: None for key, value in stated.items() if value is None}, **below}


def operate() -> dict[str, Any]:
    """The shipped schedules and pools, and nothing of its own for any case."""
    block = read_yaml(ROOT / "params.yaml")["operate"]
    return {**block, "cases": {}}


def make_checkout(root: Path) -> Checkout:
    made = Checkout(root, tools())
    for name in CODE:
        take = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        take(ROOT / name, root / name)
    for bytecode in list(root.rglob("__pycache__")):
        shutil.rmtree(bytecode)
    (root / ROWS).parent.mkdir(parents=True)
    shutil.copyfile(ROOT / ROWS, root / ROWS)
    os.utime(root / ROWS, (1_767_225_600, 1_767_225_600))  # source.json tells a file's time, and is a digest's part
    made.write_params({"cases": {"toy": toy(), "other": toy()}, "operate": operate()})
    made.git("init", "--quiet")
    made.commit()
    return made


def copy_of(checkout: Checkout, root: Path) -> Checkout:
    shutil.copytree(checkout.root, root, symlinks=True, dirs_exist_ok=True)
    return Checkout(root, checkout.environment)


@pytest.fixture(scope="session")
def checkouts() -> Callable[[Path], Checkout]:
    return make_checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    yield make_checkout(tmp_path / "checkout")
    assert not left_alive(tmp_path), "the test left processes behind"


def left_alive(root: Path) -> list[psutil.Process]:
    """End the processes that still work below `root`, and name them."""
    psutil.wait_procs(working_below(root), timeout=MOMENT)
    found = working_below(root)
    for process in found:
        process.kill()
    return found


def working_below(root: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd().startswith(str(root)) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """The case released by an undisturbed `dvc repro`. Read it; `copy_of` what you change."""

    def make(folder: Path) -> None:
        made = make_checkout(folder / "checkout")
        ended = made.repro("release@toy", PYTHONHASHSEED="1", **recording(made.root))
        assert ended.code == 0, ended.said
        (made.root / "state" / "said").write_text(ended.said, encoding="utf-8")

    return Checkout(made_once(tmp_path_factory, "pristine", make) / "checkout", tools())


@pytest.fixture(scope="session")
def released_case(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Checkout]:
    """A case of `params.yaml` on its toy rows, released as `called` by a `dvc repro` whose stages start cold.

    A copy in `into`, and beside it `imports/`, what each stage has imported.
    """

    def of(case: str, called: str, into: Path) -> Checkout:
        made = made_once(tmp_path_factory, called, lambda folder: release_toy(folder / "checkout", case, called))
        shutil.copytree(made / "imports", into / "imports")
        return copy_of(Checkout(made / "checkout", tools()), into / "checkout")

    return of


def release_toy(root: Path, case: str, called: str) -> None:
    made = make_checkout(root)
    shutil.copytree(TOY / case, root / called)
    block = toy_params(case).model_dump(mode="json")
    for key in ("path", "watch"):
        block["source"][key] = str(Path(called, Path(block["source"][key]).relative_to(TOY / case)))
    lower = load_recipe(block["recipe"]).lower_is_better
    floors = {metric: 1.0e9 if metric in lower else 0.0 for metric in block["release"]["floors"]}
    block["release"] |= {"floors": floors, "baseline_margin": -1.0, "calibration_margin": None}
    if "stated_margin" in block["release"]:
        block["release"]["stated_margin"] = None
    made.write_params({"cases": {called: block}})
    made.commit()
    ended = made.repro(f"release@{called}", **recording(root))
    assert ended.code == 0, ended.said


def recording(root: Path) -> dict[str, str]:
    """Variables under which each stage writes what it has imported, beside the checkout."""
    return {"PYTHONPATH": str(Path(__file__).with_name("recording")), "RECORD": str(root.parent / "imports")}


@pytest.fixture
def finished(pristine: Checkout, tmp_path: Path) -> Iterator[Checkout]:
    """A copy of the released case that a test may change."""
    yield copy_of(pristine, tmp_path / "checkout")
    assert not left_alive(tmp_path), "the test left processes behind"


@pytest.fixture(scope="session")
def released_twice(pristine: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """The released case, and a second version of it, which gives other reasons. Read it; `copy_of` what you change."""

    def make(folder: Path) -> None:
        made = copy_of(pristine, folder / "checkout")
        made.set("model.serving.reasons", 3)
        made.commit()
        ended = made.warm_repro("release@toy")
        assert ended.code == 0, ended.said

    return Checkout(made_once(tmp_path_factory, "released-twice", make) / "checkout", tools())


@pytest.fixture
def two_versions(released_twice: Checkout, tmp_path: Path) -> Iterator[Checkout]:
    """A copy of it that a test may change, each version's files included."""
    made = copy_of(released_twice, tmp_path / "checkout")
    for number in ("1", "2"):
        assert find.found(made.root, "toy", number).bundle.is_relative_to(made.root)
    yield made
    assert not left_alive(tmp_path), "the test left processes behind"


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., None]:
    def wait(happened: Callable[[], object], what: str, seconds: float = 300.0) -> None:
        deadline = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
            time.sleep(0.05)

    return wait
