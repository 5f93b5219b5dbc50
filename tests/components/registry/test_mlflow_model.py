"""A registered bundle answers in MLflow's own hands: from any folder, with its own code, without torch."""

import ast
import json
import os
import shutil
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

from components.core.closure import closure
from components.core.params.load import load_params
from components.core.recipe import load_recipe, recipe_of
from components.registry.package import SERVED, SERVING_PACKAGES
from components.registry.register import model_of, register
from components.tracking.track import Tracker
from tests.components.registry.toys import CASE, make_release
from tests.forks import Forks
from tests.toy.jobs import CHECKOUT, toy_cases, toy_job

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


IMPORT = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
assert "torch" not in sys.modules
import components
print(components.__file__)
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


def third_party(path: Path) -> set[str]:
    """Packages that a file imports, but for a type checker alone."""
    return {name.split(".")[0] for name in names_in(ast.parse(path.read_bytes()))} - {
        *sys.stdlib_module_names,
        "components",
    }


def names_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        yield from names_in(node)


def travelling(name: str) -> list[Path]:
    """The files of ours that are registered with a model of this case."""
    recipe = load_recipe(load_params(CHECKOUT / "params.yaml").case(name).recipe)
    return sorted(closure(CHECKOUT, [SERVED, recipe.serving.open_predictor.__module__]))


@pytest.mark.parametrize("name", toy_cases())
def test_all_that_a_predictor_imports_is_required(name: str, tmp_path: Path) -> None:
    packages = recipe_of(toy_job(name, tmp_path)).packages
    distributions = packages_distributions()  # one package may come from several, as mlflow does
    names = {one for path in travelling(name) for one in third_party(path)}
    provided = {one: {found.lower() for found in distributions[one]} for one in names}
    assert [one for one in sorted(names) if not provided[one] & {*SERVING_PACKAGES, *packages}] == []
    assert set(packages) <= set().union(*provided.values())  # and no case asks for what it does not use
    assert not set(packages) & set(SERVING_PACKAGES)


@pytest.mark.parametrize("name", toy_cases())
def test_the_code_of_one_case_travels_alone_and_is_enough_to_answer(
    name: str, tmp_path: Path, data_forks: Forks
) -> None:
    files = travelling(name)
    for path in files:
        copy = tmp_path / path.relative_to(CHECKOUT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    modules = [".".join(path.relative_to(CHECKOUT).with_suffix("").parts) for path in files]
    environment = {"PYTHONPATH": str(tmp_path), "PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    words = [one for one in modules if one != SERVED and not one.endswith("__init__")]
    done = data_forks.run("-c", IMPORT, *words, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(tmp_path)
    recipes = [path.relative_to(CHECKOUT / "components" / "recipes").parts for path in files if "recipes" in path.parts]
    kinds = {parts[0] for parts in recipes if "serving" in parts}
    assert len(kinds) == 1, "another kind's predictor travels too"
