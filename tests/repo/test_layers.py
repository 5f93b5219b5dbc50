"""Who may import whom: read from every file's syntax tree, so that imports inside functions count as well.

core < machinery < kits < recipes, and the pipelines above them all; no recipe imports another. What a recipe is made
of has an order of its own: see `BELOW`.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.toy.jobs import CHECKOUT

MACHINERY = (
    "sources",
    "training",
    "tuning",
    "compression",
    "evaluation",
    "tracking",
    "registry",
    "monitoring",
    "serving",
)
# Parts of the machinery on which others of it rest; but for these, one does not import another.
RESTS_ON = {
    "compression": ("evaluation",),
    "registry": ("evaluation", "tracking"),
    "monitoring": ("evaluation", "tracking"),
    "serving": ("registry", "monitoring", "tracking"),
}
LEVEL = {"core": 0, **dict.fromkeys(MACHINERY, 1), "kits": 2, "recipes": 3}
# A recipe's parts, and those of its own that each may import. Nobody imports `recipe`, the declaration, but who loads
# it; the declaration names its blocks, and imports parts for the type checker alone.
BELOW: dict[str, tuple[str, ...]] = {
    "params": (),
    "words": (),
    "encoding": ("params",),
    "preparation": ("params", "encoding"),
    "metrics": ("params", "encoding"),
    "serving": ("params", "encoding", "metrics"),
    "training": ("params", "encoding", "metrics", "serving"),
    "assembly": ("params", "encoding", "metrics", "serving", "training"),
    "recipe": ("params", "encoding", "words"),
    **dict.fromkeys(("report", "variants"), ("params", "encoding", "metrics", "serving", "training", "assembly")),
    **dict.fromkeys(
        ("predict", "catch_up", "folds", "watch"),
        ("params", "encoding", "preparation", "metrics", "serving", "training", "assembly"),
    ),
    "online": ("params", "encoding", "metrics", "serving"),  # what `http` is made of, where that is much
    "http": ("params", "encoding", "metrics", "serving", "online"),
}
SHARED = ("shared",)  # of the folder of recipes: what they have in common
# Tools that one place wraps: nobody else needs to know them.
WRAPPED = {
    "mlflow": ("components/tracking/", "components/registry/"),
    "optuna": ("components/tuning/",),
    "optuna_integration": ("components/tuning/",),
    "prefect": ("pipelines/",),
    "dvc": ("pipelines/",),
    "pipelines": ("pipelines/",),
}
# Code that serves, prepares or judges starts without them.
TORCH = ("torch", "lightning", "torchmetrics", "tabm", "rtdl_num_embeddings")
WITHOUT_TORCH = ("core", "sources", "evaluation", "registry", "monitoring", "serving")
PARTS_WITHOUT_TORCH = (
    "params",
    "words",
    "recipe",
    "preparation",
    "encoding",
    "metrics",
    "serving",
    "report",
    "predict",
    "catch_up",
    "watch",
    "online",
    "http",
)
KITS_WITH_TORCH = (
    "components/kits/tables/tabm.py",
    "components/kits/transformers/layers.py",
    *(
        f"components/kits/tables/learning/{name}.py"
        for name in ("assembling", "classes", "crossfit", "data", "graphs", "network")
    ),
    "components/kits/survival/training/",
)
# A kit on which another rests: one of cohorts is one of tables, too.
KITS_BELOW = {"survival": ("tables",)}

SOURCES = sorted(
    path.relative_to(CHECKOUT).as_posix()
    for folder in ("components", "pipelines")
    for path in (CHECKOUT / folder).rglob("*.py")
)
MODULES = {path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in SOURCES}


class Place(NamedTuple):
    """Where a module lies: `top` is a folder of components/, `room` a kit or a recipe, `part` what of the recipe."""

    top: str
    room: str | None
    part: str | None


def place_of(dotted: str) -> Place | None:
    """None for what is not below components/, or is no more than a folder of folders."""
    parts = dotted.split(".")
    if parts[0] != "components" or len(parts) < 2:
        return None
    top, room, part = (*parts[1:4], None, None)[:3]
    if top == "kits":
        return Place(top, room, None)
    return Place(top, room, part) if top == "recipes" else Place(str(top), None, None)


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


def violations(path: str, source: str) -> list[str]:
    return sorted({f"{path}:{line} {why}" for line, name in imports(source) for why in _breaches(path, name)})


def _breaches(path: str, name: str) -> Iterator[str]:
    if name.startswith("."):
        yield f"{name} is relative"
    top = name.split(".")[0]
    if top in WRAPPED and not path.startswith(WRAPPED[top]):
        yield f"{top} belongs to {' and '.join(WRAPPED[top])}"
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    own, other = place_of(module), place_of(name)
    if own is None:
        return
    if top in TORCH and _starts_without_torch(path, own):
        yield f"{own.part or own.top} works without {top}"
    if other is not None and (why := _not_below(own, other)):
        yield why


def _starts_without_torch(path: str, own: Place) -> bool:
    if own.top == "kits":
        return not path.startswith(KITS_WITH_TORCH)
    return own.part in PARTS_WITHOUT_TORCH if own.top == "recipes" else own.top in WITHOUT_TORCH


def _not_below(own: Place, other: Place) -> str | None:
    """Why the one may not import the other; None if it may."""
    if own.top not in LEVEL or other.top not in LEVEL:
        return None  # another test asks that every folder has a level
    if LEVEL[other.top] > LEVEL[own.top]:
        return f"{other.top} is not below {own.top}"
    if LEVEL[own.top] == 1 == LEVEL[other.top] and other.top not in (own.top, *RESTS_ON.get(own.top, ())):
        return f"{other.top} is not below {own.top}"
    if own.top == other.top == "kits" and other.room not in (None, own.room, *KITS_BELOW.get(str(own.room), ())):
        return f"the kit {other.room} is not below the kit {own.room}"
    return _not_below_in_recipes(own, other) if own.top == other.top == "recipes" else None


def _not_below_in_recipes(own: Place, other: Place) -> str | None:
    if other.room is None or other.room in SHARED:
        return None
    if own.room in SHARED:
        return f"the recipe {other.room} is not below {own.room}"
    if own.room != other.room:
        return f"the recipe {other.room} is not below the recipe {own.room}"
    if other.part is None or own.part == other.part or _holds_params(own, other):
        return None
    return None if other.part in BELOW.get(str(own.part), ()) else f"{other.part} is not below {own.part}"


def _holds_params(own: Place, other: Place) -> bool:
    """A recipe without `params` of its own has them in its declaration, which then imports and is imported."""
    return "recipe" in (own.part, other.part) and f"components.recipes.{own.room}.params" not in MODULES


def test_a_file_imports_from_below_or_from_its_own_folder() -> None:
    found = {path: violations(path, (CHECKOUT / path).read_text(encoding="utf-8")) for path in SOURCES}
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_every_module_of_ours_that_a_file_imports_is_there() -> None:
    """Mypy is told to pass over imports that it cannot find."""
    known = MODULES | {"components", "pipelines"}
    found = {path: imports_of_ours((CHECKOUT / path).read_text(encoding="utf-8")) - known for path in SOURCES}
    assert {path: lacking for path, lacking in found.items() if lacking} == {}


def imports_of_ours(source: str) -> set[str]:
    """The modules of ours from which a source imports something."""
    return {
        node.module
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in ("components", "pipelines")
    }


def test_an_import_of_a_module_that_is_not_there_is_found() -> None:
    source = "from components.core.nothing import x\nfrom os import path\ndef f():\n    from pipelines.gone import y"
    assert imports_of_ours(source) - MODULES == {"components.core.nothing", "pipelines.gone"}


def test_every_part_of_components_has_a_level() -> None:
    tops = {
        path.name for path in (CHECKOUT / "components").iterdir() if path.name not in ("__init__.py", "__pycache__")
    }
    assert tops <= set(LEVEL)


def test_every_part_of_a_recipe_has_its_place() -> None:
    places = [place_of(module) for module in MODULES]
    parts = {
        one.part for one in places if one and one.top == "recipes" and one.room not in (None, *SHARED) and one.part
    }
    assert parts <= set(BELOW)


RECIPE = "components/recipes/binary"


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("components/core/files.py", "from components.training.fit import fit", "training is not below core"),
        ("components/core/x.py", "from components import kits", "kits is not below core"),
        ("components/training/x.py", "import components.kits.tables.read", "kits is not below training"),
        (
            "components/tuning/x.py",
            "def f():\n    from components.recipes.binary import params",
            "recipes is not below",
        ),
        (
            "components/evaluation/x.py",
            "from components.registry.gate import decide",
            "registry is not below evaluation",
        ),
        ("components/tracking/x.py", "from components.registry.gate import decide", "registry is not below tracking"),
        ("components/kits/tables/x.py", "from components.recipes.binary.params import X", "recipes is not below kits"),
        ("components/kits/tables/x.py", "from components.kits.images.resize import X", "kit images is not below"),
        (f"{RECIPE}/watch.py", "from components.recipes.survival.watch import X", "survival is not below the recipe"),
        ("components/recipes/shared/x.py", "from components.recipes.binary.params import X", "not below shared"),
        (f"{RECIPE}/params.py", "from components.recipes.binary.encoding.x import X", "encoding is not below params"),
        (f"{RECIPE}/encoding/x.py", "from components.recipes.binary import metrics", "metrics is not below encoding"),
        (f"{RECIPE}/metrics/x.py", "from components.recipes.binary.serving.x import X", "serving is not below metrics"),
        (
            f"{RECIPE}/serving/x.py",
            "from components.recipes.binary.training.x import X",
            "training is not below serving",
        ),
        (f"{RECIPE}/serving/x.py", "from components.recipes.binary.preparation.x import X", "preparation is not below"),
        (f"{RECIPE}/training/x.py", "from components.recipes.binary.assembly.x import X", "assembly is not below"),
        (f"{RECIPE}/assembly/x.py", "from components.recipes.binary.report.x import X", "report is not below assembly"),
        (f"{RECIPE}/report/x.py", "from components.recipes.binary import variants", "variants is not below report"),
        (f"{RECIPE}/watch.py", "from components.recipes.binary.predict import X", "predict is not below watch"),
        (f"{RECIPE}/preparation/x.py", "from components.recipes.binary.metrics.x import X", "metrics is not below"),
        ("components/training/x.py", "import mlflow.pyfunc", "mlflow belongs to"),
        (f"{RECIPE}/training/x.py", "from optuna import Study", "optuna belongs to"),
        ("components/tuning/x.py", "if True:\n    import prefect", "prefect belongs to"),
        ("components/registry/x.py", "from dvc.api import DVCFileSystem", "dvc belongs to"),
        ("components/registry/x.py", "import pipelines.stages", "pipelines belongs to"),
        ("components/registry/x.py", "from . import runs", "relative"),
        (f"{RECIPE}/serving/x.py", "def f():\n    import torch.nn", "serving works without torch"),
        (f"{RECIPE}/preparation/x.py", "import lightning", "preparation works without lightning"),
        ("components/kits/tables/x.py", "from tabm import TabM", "kits works without tabm"),
        ("components/monitoring/x.py", "import torch", "monitoring works without torch"),
        ("pipelines/steps/fit.py", "import optuna", "optuna belongs to"),
    ],
)
def test_a_planted_violation_is_found(path: str, source: str, expected: str) -> None:
    (found,) = violations(path, source)
    assert expected in found


@pytest.mark.parametrize("part", ["training", "serving", "report"])
def test_nobody_imports_the_declaration(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "MODULES", {*MODULES, "components.recipes.binary.params"})
    (found,) = violations(f"{RECIPE}/{part}/x.py", "from components.recipes.binary.recipe import RECIPE")
    assert f"recipe is not below {part}" in found


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("components/core/job.py", "from components.core.blocks import Block"),
        ("components/training/x.py", "from components.core.files import read_json"),
        ("components/registry/x.py", "from components.tracking.track import Tracker"),
        ("components/kits/tables/x.py", "from components.evaluation.bootstrap import intervals"),
        (f"{RECIPE}/metrics/x.py", "from components.kits.tables.encoding.spec import TARGET"),
        (f"{RECIPE}/report/x.py", "from components.recipes.binary.report.figures import draw"),
        (f"{RECIPE}/report/x.py", "from components.recipes.binary.serving.predictor import open_predictor"),
        (f"{RECIPE}/folds.py", "from components.recipes.binary.preparation.preparation import prepare"),
        (f"{RECIPE}/recipe.py", "from components.core.recipe import Recipe"),
        (f"{RECIPE}/training/x.py", "import torch"),
        ("components/training/x.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import mlflow"),
        ("pipelines/develop.py", "from prefect import flow"),
        ("pipelines/cases.py", "from components.recipes.binary.recipe import CASE"),
    ],
)
def test_what_is_allowed_is_not_reported(path: str, source: str) -> None:
    assert violations(path, source) == []


PUBLIC = "pipelines/api/casebook/__init__.py"  # what people import; all else is imported from its module


@pytest.mark.parametrize("path", [path for path in SOURCES if path.endswith("__init__.py") and path != PUBLIC])
def test_a_package_has_no_code_of_its_own(path: str) -> None:
    """At most a docstring: DVC warns of a file without content that a source watches."""
    body = ast.parse((CHECKOUT / path).read_text(encoding="utf-8")).body
    assert [node for node in body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))] == []


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
