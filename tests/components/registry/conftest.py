"""A real MLflow store for each test, copied from one that is made once: migrations take seconds."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

from components import recipes
from components.registry import package
from components.tracking.track import Tracker, connect
from tests.components.registry.toys import CHECKOUT, use_toy_predictor
from tests.once import made_once

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(autouse=True)
def no_store_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def fresh_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a new store that nobody has open."""
    command = [sys.executable, "-c", "from components.tracking.store import *; open_store(Path.cwd())"]
    return made_once(
        tmp_path_factory,
        "store",
        lambda root: subprocess.run(command, cwd=root, env=child_environment(), check=True),
    )


@pytest.fixture
def root(fresh_store: Path, tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    shutil.copytree(fresh_store, root)
    return root


@pytest.fixture
def tracker(root: Path) -> Tracker:
    return connect(root)


@pytest.fixture
def toy(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Models are packaged with the toy predictor among the case's own."""
    folder = tmp_path_factory.getbasetemp() / "toy_code"
    monkeypatch.setattr(package, "COMPONENTS", package.COMPONENTS)  # put back after the test
    monkeypatch.setattr(package, "MODEL_CODE", package.MODEL_CODE)
    monkeypatch.setattr(recipes, "__path__", recipes.__path__)
    use_toy_predictor(folder)
    return folder


def child_environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    return {**kept, "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONPATH": str(CHECKOUT)}


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Start a script in a process of its own, on this checkout's code."""

    def started(script: str, *words: str, **options: object) -> "subprocess.Popen[str]":
        path = tmp_path / "driver.py"
        path.write_text(script, encoding="utf-8")
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
            [sys.executable, str(path), *words],
            env=child_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    return started


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What opens a real MLflow store takes seconds a test, and is left out of `make test-fast`."""
    for item in items:
        if "fresh_store" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
