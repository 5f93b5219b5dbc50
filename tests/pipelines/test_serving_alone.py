"""`casebook[serve]` installed alone, as deploy/Dockerfile.serve does: it answers, and nothing that trains is there."""

import os
import shutil
import subprocess
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.pipelines.conftest import ROOT, Checkout, Ended, Started
from tests.pipelines.serving import address_of

pytestmark = pytest.mark.slow

COPIED = ("components", "pipelines", "pyproject.toml", "README.md", "LICENSE")  # as the Dockerfile does
ABSENT = {"torch", "lightning", "mlflow", "dvc", "prefect", "optuna", "scikit-learn", "lightgbm", "matplotlib", "onnx"}
# The environment's own, and not that of a checkout's tests.
BARE = {"PYTHONPATH": "", "MLFLOW_TRACKING_URI": "", "CASEBOOK_TOKEN": ""}
ANSWERING = """
import importlib, pkgutil, sys
from components import recipes
from components.core.recipe_names import part_module
for one in pkgutil.iter_modules(recipes.__path__):
    for part in ("http", "predict"):
        try:
            importlib.import_module(name := part_module(one.name, part))
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
        else:
            print(name)
"""


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment of its own."""
    folder = tmp_path_factory.mktemp("alone")
    source = folder / "source"
    source.mkdir()
    for name in COPIED:
        take = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        take(ROOT / name, source / name)
    venv.create(folder / "venv", with_pip=True, symlinks=True)
    words = ["-m", "pip", "install", "--quiet", "--no-compile", "--constraint", str(ROOT / "constraints.txt")]
    words.append(f"{source}[serve]")
    done = subprocess.run([folder / "venv/bin/python", *words], capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "venv" / "bin"


def program(alone: Path, *words: str) -> str:
    return subprocess.run(
        [alone / words[0], *words[1:]],
        capture_output=True,
        text=True,
        check=True,
        cwd=alone,
        env={**os.environ, **BARE},
    ).stdout


@contextmanager
def served(checkout: Checkout, alone: Path, *options: str) -> Iterator[tuple[Started, str]]:
    started = checkout.start(str(alone / "casebook"), "serve", "--port", "0", *options, **BARE)
    try:
        yield started, address_of(started)
    finally:
        if started.process.poll() is None:
            started.process.kill()
        started.process.wait(30)


def told(checkout: Checkout, alone: Path, *words: str, **variables: str) -> Ended:
    return checkout.start(str(alone / "casebook"), *words, **{**BARE, **variables}).wait(120)


def test_it_brings_nothing_that_trains_and_every_part_that_answers_is_whole(alone: Path) -> None:
    found = {line.partition("==")[0].lower() for line in program(alone, "pip", "freeze", "--all").splitlines()}
    assert {"fastapi", "onnxruntime", "uvicorn"} <= found
    assert found & ABSENT == set()
    answering = program(alone, "python", "-c", ANSWERING).split()
    assert len([name for name in answering if name.endswith(".http")]) == 8


def test_it_answers_over_a_checkout_that_was_copied(finished: Checkout, alone: Path) -> None:
    with served(finished, alone) as (_, address), httpx.Client(base_url=address) as client:
        example = client.get("/v1/toy/schema").json()["row"]["examples"]
        answer = client.post("/v1/toy/predict", json={"rows": example, "explain": "always"})
        assert answer.status_code == 200, answer.text
        assert answer.json()["rows"][0]["reasons"]
        for path in ("/", "/docs", "/openapi.json", "/metrics", "/v1/toy/card"):
            assert client.get(path).status_code == 200, path


def test_what_it_cannot_do_is_one_message(finished: Checkout, alone: Path) -> None:
    for words, variables, message in (
        (("run", "toy"), {}, "`pip install 'casebook[train]'`"),
        (("serve", "toy"), {"MLFLOW_ENABLE_WORKSPACES": "true"}, "only MLflow can open this registry"),
    ):
        ended = told(finished, alone, *words, **variables)
        assert ended.code == 1, ended.said
        assert message in ended.said
        assert "Traceback" not in ended.said
