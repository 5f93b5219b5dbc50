"""A registered bundle answers in MLflow's own hands: from any folder, with its own code, without torch."""

import ast
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

from components.registry.package import COMPONENTS, SERVING_FOLDERS, serving_packages
from components.registry.register import model_of, register
from components.registry.track import Tracker
from tests.components.registry.toys import CASE, make_release

# The toy's score is 0.01 · age + 0.5 · income, a missing income counting as 0; above 1 it is high.
ROWS = {"columns": ["age", "income", "home"], "data": [[30, 1.5, "rent"], [41, None, None], [52, 2.0, "own"]]}
EXPECTED = [0.3 + 0.75, 0.41, 0.52 + 1.0]
LOAD = """
import json, sys
import mlflow, pandas as pd
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model("models:/toy_case@candidate")
frame = pd.DataFrame({"age": [30.0, 41.0, 52.0], "income": [1.5, None, 2.0], "home": ["rent", None, "own"]})
answer = model.predict(frame)
import components
print(json.dumps({"code": components.__file__, "torch": "torch" in sys.modules, "answer": answer.to_dict("list")}))
"""


@pytest.fixture
def registered(tracker: Tracker, toy: Path) -> Tracker:  # noqa: ARG001 - the toy's code is packaged
    register(tracker, make_release(tracker))
    return tracker


def bare_environment(tracker: Tracker) -> dict[str, str]:
    """Without this checkout on the path."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONPYCACHEPREFIX")}
    return {**kept, "MLFLOW_TRACKING_URI": tracker.uri, "MLFLOW_DISABLE_TELEMETRY": "true"}


def test_a_fresh_process_elsewhere_answers_with_the_models_own_code(registered: Tracker, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", LOAD, registered.uri],
        cwd=folder,
        env=bare_environment(registered),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert Path(said["code"]).is_relative_to(model_of(registered, CASE, "1"))
    assert said["torch"] is False
    assert said["answer"] == {
        "score": pytest.approx(EXPECTED),
        "decision": ["high", "low", "high"],
        "reasons": [["income"], [], ["income"]],
    }
    assert list(folder.iterdir()) == []  # no mlruns, no mlflow.db
    assert model_of(registered, CASE, "1").exists()  # bytecode beside the code does not count as damage


@pytest.fixture
def served(registered: Tracker, tmp_path: Path) -> Iterator[str]:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["mlflow", "models", "serve", "-m", f"models:/{CASE}@candidate", "--env-manager", "local"]
    with (tmp_path / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command, "-p", str(port)],
            cwd=tmp_path,
            env={**bare_environment(registered), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/ping", process, tmp_path / "server.log")
        yield f"http://127.0.0.1:{port}/invocations"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310
            return
        except OSError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.2)
    raise AssertionError(log.read_text())


def post(url: str, body: dict[str, Any]) -> tuple[int, Any]:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


@pytest.mark.slow
def test_mlflow_models_serve_answers(served: str) -> None:
    status, answer = post(served, {"dataframe_split": ROWS})
    assert status == 200
    assert [row["score"] for row in answer["predictions"]] == pytest.approx(EXPECTED)
    assert [row["decision"] for row in answer["predictions"]] == ["high", "low", "high"]
    assert [row["reasons"] for row in answer["predictions"]] == [["income"], [], ["income"]]
    status, answer = post(served, {"dataframe_records": [{"income": 1.0, "home": "rent"}]})
    assert status == 400
    assert "age" in answer["message"]


def imported(code: Path, start: str) -> tuple[set[str], set[str]]:
    """Modules of `components` that `start` needs, and the other packages that they import."""
    waiting, seen, others = [start], set(), set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        path = code.parent / Path(*name.split("."))
        file = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
        for module in names_in(ast.parse(file.read_text(encoding="utf-8"))):
            (waiting.append if module.split(".")[0] == "components" else others.add)(module)
    return seen, {module.split(".")[0] for module in others}


def names_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        yield from names_in(node)


PREDICTORS = sorted(path.relative_to(COMPONENTS.parent) for path in (COMPONENTS / "predictors").rglob("[a-z]*.py"))


@pytest.mark.parametrize("predictor", PREDICTORS, ids=str)
def test_all_that_a_predictor_imports_travels_or_is_required(predictor: Path) -> None:
    ours, others = imported(COMPONENTS, ".".join(predictor.with_suffix("").parts))
    folders = {name.split(".")[1] for name in ours if len(name.split(".")) > 2}
    assert folders <= set(SERVING_FOLDERS)
    distributions = packages_distributions()
    needed = {distributions[name][0].lower() for name in others if name not in sys.stdlib_module_names}
    assert needed <= set(serving_packages(predictor.parts[2]))
