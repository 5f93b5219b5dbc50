"""The servers that are compared: `casebook serve`, MLflow's over the same champion, MLflow's over frames."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.served.servers import CODE, Server, started
from benchmarks.workspace import clean_environment
from components.core.errors import CasebookError
from components.tracking.address import VARIABLE, store_address

# The last commit whose predictor answers by frames: rows are read, scored and explained by pandas.
FRAMES = "b2b6c5a54df3875b67cabe0f8522059aa9325b0f"
PACK = """
import json, shutil, sys
from pathlib import Path
import pandas as pd
from mlflow.models import Model
from components.core.bundle import read_bundle
from components.registry.package import model_folder
import importlib
bundle, rows, target = map(Path, sys.argv[1:])
example = pd.DataFrame(json.loads(rows.read_text()))
module = importlib.import_module(read_bundle(bundle, threads=1).manifest.module)
answers = module.open_predictor(bundle).predict(example)
with model_folder(Model(), bundle, {}, example, answers, []) as folder:
    shutil.copytree(folder, target)
"""


def casebook(case: str, root: Path) -> AbstractContextManager[Server]:
    command = [sys.executable, "-P", "-m", "pipelines.cli", "serve", case, "--port", "{port}"]
    return started(command, root, {**clean_environment(), "PYTHONPATH": str(CODE)}, "/v2/health/ready")


def mlflow(model: str, root: Path) -> AbstractContextManager[Server]:
    """`model` is an address in the registry, or a folder."""
    command = [str(Path(sys.executable).with_name("mlflow")), "models", "serve", "--model-uri", model]
    command += ["--env-manager", "local", "--host", "127.0.0.1", "--port", "{port}"]
    variables = {**clean_environment(), VARIABLE: store_address(root), "MLFLOW_DISABLE_TELEMETRY": "true"}
    return started(command, root, variables, "/ping")


@contextmanager
def model_by_frames(bundle: Path, rows: list[Mapping[str, object]]) -> Iterator[Path]:
    """The bundle as MLflow's model, as it was registered at the commit `FRAMES`, in a worktree of it.

    Raises:
        CasebookError: this clone has no such commit.
    """
    with TemporaryDirectory(prefix="casebook-bench-") as name:
        tree, model, asked = Path(name) / "tree", Path(name) / "model", Path(name) / "rows.json"
        asked.write_text(json.dumps(rows), encoding="utf-8")
        made = _git("worktree", "add", "--quiet", "--detach", str(tree), FRAMES)
        if made.returncode:
            raise CasebookError(f"commit {FRAMES} cannot be checked out here; a whole clone has it: {made.stderr}")
        try:
            variables = {**clean_environment(), "PYTHONPATH": str(tree)}
            command = [sys.executable, "-P", "-c", PACK, str(bundle), str(asked), str(model)]
            done = subprocess.run(command, cwd=tree, env=variables, capture_output=True, text=True, check=False)
            if done.returncode:
                raise CasebookError(f"the predictor of {FRAMES} does not take the bundle: {done.stderr[-1000:]}")
            yield model
        finally:
            _git("worktree", "remove", "--force", str(tree))


def _git(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["git", *arguments], cwd=CODE, capture_output=True, text=True, check=False)
