"""A tiny real case for the registry's tests: a predictor of a weighted sum, its bundles, releases and decisions."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

from components import recipes
from components.core.bundle import Manifest, write_bundle
from components.core.files import dvc_md5, write_json
from components.core.histories import write_note
from components.core.job import Paths
from components.core.results import Check, Decision, Interval
from components.registry import package
from components.registry.pages import UNDECIDED
from components.registry.register import Release
from components.tracking.runs import run_of_fit
from components.tracking.track import Tracker

CHECKOUT = Path(__file__).resolve().parents[3]
CASE = "toy_case"
PREDICTOR = '''
"""A weighted sum of two columns."""

import pandas as pd

from components.core.bundle import read_bundle


class WeightedSum:
    def __init__(self, weights):
        self.weights = weights

    def predict(self, rows):
        score = sum(rows[name].fillna(0.0).astype(float) * weight for name, weight in self.weights.items())
        decision = ["high" if one > 1 else "low" for one in score]
        reasons = [["income"] if one > 1 else [] for one in score]
        return pd.DataFrame({"score": score.to_numpy(), "decision": decision, "reasons": reasons})


def open_predictor(folder):
    return WeightedSum(read_bundle(folder, threads=1).json("weights"))
'''
EXAMPLE = pd.DataFrame({"age": [30, 41, 52], "income": [1.5, None, 2.0], "home": ["rent", None, "own"]})
METRICS = {"auc": Interval(0.85, 0.83, 0.87), "brier": Interval(0.13, 0.12, 0.14)}
PASSED = Decision(True, (Check("floor auc", True, "auc 0.85, at least 0.80"),))
FAILED = Decision(False, (Check("floor auc", False, "auc 0.75, at least 0.80"),))


def use_toy_predictor(folder: Path) -> None:
    """Let models be packaged from a copy of `components` in `folder` that has the predictor `toy`."""
    code = folder / "components"
    if not code.exists():
        shutil.copytree(CHECKOUT / "components", code, ignore=shutil.ignore_patterns("__pycache__"))
        serving = code / "recipes" / "toy" / "serving"
        serving.mkdir(parents=True)
        (serving / "predictor.py").write_text(PREDICTOR, encoding="utf-8")
    package.COMPONENTS, package.MODEL_CODE = code, code / "registry" / "mlflow_model.py"
    if (there := str(code / "recipes")) not in recipes.__path__:
        recipes.__path__ = [*recipes.__path__, there]  # a release asks the predictor what requests may ask for


@contextmanager
def toy_packages(folder: Path) -> Iterator[None]:
    """Models are packaged with the toy predictor, and no registry but a checkout's own is asked; all is put back."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
            patch.delenv(name, raising=False)
        patch.setattr(package, "COMPONENTS", package.COMPONENTS)
        patch.setattr(package, "MODEL_CODE", package.MODEL_CODE)
        patch.setattr(recipes, "__path__", recipes.__path__)
        use_toy_predictor(folder)
        yield


def make_bundle(folder: Path, income: float = 0.5) -> Path:
    """A bundle of the toy predictor; another weight makes other bytes."""
    manifest = Manifest(case=CASE, predictor="toy.serving.predictor", graphs=(), settings={})
    write_bundle(folder, manifest, {"weights.json": {"age": 0.01, "income": income}})
    return folder


def keep_events(folder: Path, encoders: str = "a", until: str = "2026-01-05T00:00:00+00:00") -> Path:
    """A folder as a recipe writes it that keeps what users did; the events themselves nobody reads."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "events.txt").write_text(until, encoding="utf-8")
    write_note(folder, encoders=encoders, until=until, events=1, users=1)
    return folder


def make_data(root: Path) -> None:
    """What the stages before a release leave, and the lock that DVC writes."""
    paths = Paths(root)
    for folder in (paths.raw(CASE), paths.prepared(CASE), paths.fitted(CASE)):
        write_json(folder / "content.json", {"folder": folder.relative_to(root).as_posix()})
    outs = [paths.raw(CASE), paths.prepared(CASE), paths.fitted(CASE)]
    stages = [
        f"  {name}@{CASE}:\n    outs:\n    - path: {out.relative_to(root).as_posix()}\n      md5: {dvc_md5(out)}\n"
        for name, out in zip(("fetch", "prepare", "fit"), outs, strict=True)
    ]
    (root / "dvc.lock").write_text("schema: '2.0'\nstages:\n" + "".join(stages), encoding="utf-8")


def make_release(tracker: Tracker, income: float = 0.5, *, smoke: bool = False, commit: str = "a" * 40) -> Release:
    """A release of the bundle with this weight, from data that lies in the tracker's checkout."""
    paths = Paths(tracker.root)
    if not (tracker.root / "dvc.lock").exists():
        make_data(tracker.root)
    fitted = dvc_md5(paths.fitted(CASE))
    return Release(
        case=CASE,
        run=run_of_fit(tracker, CASE, fitted),
        bundle=make_bundle(paths.bundle(CASE), income),
        example=EXAMPLE,
        answers=pd.DataFrame({"score": [1.05, 0.41], "decision": ["high", "low"], "reasons": [["income"], []]}),
        lineage={
            "dvc.lock": (tracker.root / "dvc.lock").read_text(encoding="utf-8"),
            "source.json": '{"kind": "file", "licence": "MIT"}',
            "params.json": "{}",
            "card.md": "# Toy\n\nResearch software.\n",
        },
        tags={
            "git_commit": commit,
            "data_md5": dvc_md5(paths.prepared(CASE)),
            "raw_md5": dvc_md5(paths.raw(CASE)),
            "fitted_md5": fitted,
            "params_digest": "0123456789abcdef",
            "flow_run_id": "flow-1",
        },
        smoke=smoke,
        packages=(),
        about="Toys for tests.",
        page=f"auc 0.8500 on 3 test rows.\n\n{UNDECIDED}\n\nResearch software.\n",
    )
