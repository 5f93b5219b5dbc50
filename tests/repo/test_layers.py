"""Who may import whom: read from every file's syntax tree, so that imports inside functions count as well."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.toy.jobs import CHECKOUT

LEVELS = [
    (
        "errors",
        "files",
        "blocks",
        "params",
        "source_params",
        "operate_params",
        "monitor_params",
        "contracts",
        "locks",
        "seeds",
        "closure",
        "recipe",
    ),
    ("sources", "training", "preparation", "networks", "evaluation", "bundle"),
    ("datamodules", "learners", "baselines", "predictors"),
    ("tuning", "compression", "registry"),
    ("shared",),
    ("serving", "monitoring", "cases"),
]
LEVEL = {part: level for level, parts in enumerate(LEVELS) for part in parts}
# Tools that one place wraps: nobody else needs to know them.
WRAPPED = {
    "mlflow": ("components/registry/", "components/serving/mlflow_model.py"),
    "optuna": ("components/tuning/",),
    "optuna_integration": ("components/tuning/",),
    "prefect": ("pipelines/",),
    "dvc": ("pipelines/",),
    "pipelines": ("pipelines/",),
}
# Code that serves or prepares starts without them.
TORCH = ("torch", "lightning", "torchmetrics", "tabm", "rtdl_num_embeddings")
WITHOUT_TORCH = ("sources", "preparation", "evaluation", "predictors", "bundle")

SOURCES = sorted(
    path.relative_to(CHECKOUT).as_posix()
    for folder in ("components", "pipelines")
    for path in (CHECKOUT / folder).rglob("*.py")
)


def imports(source: str) -> Iterator[tuple[int, str]]:
    """Line and dotted name of each import but a type checker's; relative ones start with a dot."""
    pending: list[ast.AST] = [ast.parse(source)]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            pending += node.orelse
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")
            # `from components.sources import copying` imports a module, and which one decides.
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names if node.level == 0)
        pending += ast.iter_child_nodes(node)


def part_of(dotted: str) -> str | None:
    """The folder or file of components/ that a dotted name lies in."""
    parts = dotted.split(".")
    return parts[1] if parts[0] == "components" and len(parts) > 1 and parts[1] in LEVEL else None


def violations(path: str, source: str) -> list[str]:
    own = part_of(path.removesuffix(".py").replace("/", "."))
    return sorted({f"{path}:{line} {why}" for line, name in imports(source) for why in _breaches(path, own, name)})


def _breaches(path: str, own: str | None, name: str) -> Iterator[str]:
    if name.startswith("."):
        yield f"{name} is relative"
    top = name.split(".")[0]
    if top in WRAPPED and not path.startswith(WRAPPED[top]):
        yield f"{top} belongs to {' and '.join(WRAPPED[top])}"
    if own is None:
        return
    other = part_of(name)
    if other and not _is_own(path, own, name) and (LEVEL[other] >= LEVEL[own] > 0 or LEVEL[other] > LEVEL[own]):
        yield f"{other} is not below {own}"
    if own in WITHOUT_TORCH and top in TORCH:
        yield f"{own} works without {top}"


def _is_own(path: str, own: str, name: str) -> bool:
    """Cases are folders of their own: one does not import another."""
    if own == "cases":
        return name.split(".")[:3] == path.split("/")[:3]
    return part_of(name) == own


@pytest.mark.parametrize("path", SOURCES)
def test_a_file_imports_from_below_or_from_its_own_folder(path: str) -> None:
    assert violations(path, (CHECKOUT / path).read_text(encoding="utf-8")) == []


def test_every_part_of_components_has_a_level() -> None:
    parts = {path.stem for path in (CHECKOUT / "components").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert parts - {"__init__", "__pycache__"} <= set(LEVEL)


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("components/networks/x.py", "def f():\n    from components.learners.binary import BinaryLearner", "not below"),
        ("components/networks/x.py", "import components.evaluation.scores", "not below networks"),
        ("components/evaluation/a/x.py", "from components import training", "not below evaluation"),
        ("components/files.py", "from components.bundle import Bundle", "not below files"),
        ("components/cases/a/x.py", "from components.cases.b.params import CASE", "not below cases"),
        ("components/cases/a/x.py", "from components.serving import app", "not below cases"),
        ("components/training/x.py", "import mlflow.pyfunc", "mlflow belongs to"),
        ("components/learners/x.py", "from optuna import Study", "optuna belongs to"),
        ("components/tuning/x.py", "if True:\n    import prefect", "prefect belongs to"),
        ("components/registry/x.py", "from dvc.api import DVCFileSystem", "dvc belongs to"),
        ("components/registry/x.py", "import pipelines.stages", "pipelines belongs to"),
        ("components/registry/x.py", "from . import runs", "relative"),
        ("components/predictors/table/x.py", "def f():\n    import torch.nn", "without torch"),
        ("pipelines/steps/fit.py", "import optuna", "optuna belongs to"),
    ],
)
def test_a_planted_violation_is_found(path: str, source: str, expected: str) -> None:
    (found,) = violations(path, source)
    assert expected in found


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("components/evaluation/binary/x.py", "from components.evaluation.bootstrap import intervals"),
        ("components/cases/a/x.py", "from components.cases.a.params import CASE"),
        ("components/contracts.py", "from components.blocks import Block"),
        ("components/training/x.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import mlflow"),
        ("pipelines/develop.py", "from prefect import flow"),
    ],
)
def test_what_is_allowed_is_not_reported(path: str, source: str) -> None:
    assert violations(path, source) == []


@pytest.mark.parametrize("path", [path for path in SOURCES if path.endswith("__init__.py")])
def test_a_package_has_no_code_of_its_own(path: str) -> None:
    assert (CHECKOUT / path).read_bytes() == b""


def test_every_folder_with_code_is_a_package() -> None:
    folders = {str(Path(path).parent) for path in SOURCES}
    assert [folder for folder in sorted(folders) if f"{folder}/__init__.py" not in SOURCES] == []


SIDE_EFFECTS = """
import importlib, os, signal, sys
before = dict(os.environ), signal.getsignal(signal.SIGTERM), os.getcwd()
writes = []
def watch(event, arguments):
    if event in ("os.mkdir", "os.rename", "os.remove"):
        writes.append((event, str(arguments[0])))
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        writes.append((event, str(arguments[0])))
sys.addaudithook(watch)
for name in sys.argv[1:]:
    importlib.import_module(name)
assert (dict(os.environ), signal.getsignal(signal.SIGTERM), os.getcwd()) == before
print(*[f"{event} {path}" for event, path in writes], sep="\\n")
"""
# What the libraries below do to the environment and the disk when they are first imported is theirs.
LIBRARIES = ("lightning", "mlflow", "optuna", "matplotlib", "torch", "onnx", "lightgbm", "tabm", "pandera", "sklearn")
WARM = "".join(f"import {name}\n" for name in LIBRARIES) + (
    "import lightning.pytorch, mlflow.pyfunc, mlflow.models, onnxmltools, optuna_integration, torchmetrics, "
    "rtdl_num_embeddings, onnxruntime.quantization, matplotlib.figure, torch.onnx, sqlalchemy, fairlearn.metrics\n"
)


@pytest.mark.slow
def test_importing_components_writes_nothing_and_leaves_the_environment_alone(tmp_path: Path) -> None:
    names = [path.removesuffix(".py").replace("/", ".") for path in SOURCES if path.startswith("components/")]
    names = [name.removesuffix(".__init__") for name in names]
    done = subprocess.run(
        [sys.executable, "-B", "-c", WARM + SIDE_EFFECTS, *names],
        cwd=tmp_path,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
            "PYTHONPATH": str(CHECKOUT),
            "MPLCONFIGDIR": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    ours = [line for line in done.stdout.splitlines() if str(CHECKOUT / "components") in line or str(tmp_path) in line]
    assert ours == []
