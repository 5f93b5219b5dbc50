"""A champion that was registered by the code of before the recipes: it answers, is judged, served and returned to.

`before/README.md` says how it was made.
"""

import importlib
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from components.core.files import read_json
from components.registry.champion import champion_version
from components.registry.ledger import history
from components.registry.promote import rollback
from components.tracking.track import Tracker, connect
from pipelines.commands.predicting import predict
from pipelines.stages import STAGES
from tests.toy.jobs import TOY, toy_job

pytestmark = pytest.mark.slow

BEFORE = Path(__file__).with_name("before")
CASE = "finance_risk"
ROWS = TOY / CASE / "rows.csv"
NEAR = 1e-6  # as near as a release asks that served answers are to measured ones
OTHER = {
    "fit__seed": 5,
    "release__baseline_margin": -1.0,
    "release__champion_margin": 1.0,
    "release__calibration_margin": None,
}
SERVE = """
import json, sys
import mlflow, pandas as pd
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model(f"models:/{sys.argv[2]}@champion")
rows = pd.read_csv(sys.argv[3])
answer = model.predict(rows.astype(dict.fromkeys(rows.select_dtypes("integer"), "float64")))
import components
predictors = [name for name in sys.modules if name.startswith("components.") and name.endswith(".predictor")]
print(json.dumps({"code": components.__file__, "predictors": predictors, "answer": answer.to_dict("list")}))
"""


def restore(root: Path) -> Tracker:
    """A new store in `root` in which the version of before is champion, with its tags and the ledger's entry."""
    said = json.loads((BEFORE / "registered.json").read_text(encoding="utf-8"))
    with tarfile.open(BEFORE / "model.tar.xz") as archive:
        archive.extractall(root / "packed", filter="data")
    tracker = connect(root)
    client, experiment = tracker.client, tracker.experiment(CASE)
    run = client.create_run(experiment, tags=said["run"]["tags"]).info.run_id
    client.set_terminated(run)
    model = client.create_logged_model(experiment, source_run_id=run, **said["model"])
    client.log_model_artifacts(model.model_id, str(root / "packed" / "model"))
    client.finalize_logged_model(model.model_id, "READY")
    client.create_registered_model(CASE)
    source = f"models:/{model.model_id}"
    made = client.create_model_version(CASE, source=source, run_id=run, model_id=model.model_id, **said["version"])
    for name, text in said["registered"]["tags"].items():
        client.set_registered_model_tag(CASE, name, text.replace(said["run"]["run_id"], run))
    for alias in said["registered"]["aliases"]:
        client.set_registered_model_alias(CASE, alias, made.version)
    return tracker


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Tracker:
    """Tests that change who is champion put it back."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
            patch.delenv(name, raising=False)
        root = tmp_path_factory.mktemp("before") / "checkout"
        root.mkdir()
        return restore(root)


@pytest.fixture(scope="module")
def expected() -> pd.DataFrame:
    return pd.read_csv(BEFORE / "answers.csv", keep_default_na=False)


def answers(root: Path, version: str | None = None) -> pd.DataFrame:
    """What `casebook predict` writes for all toy rows."""
    out = root / "answers.csv"
    assert predict(toy_job(CASE, root), ROWS, out, version, {}, log=None) == 400
    return pd.read_csv(out, keep_default_na=False)


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found[list(expected)], expected, rtol=0, atol=NEAR, check_dtype=False)


def test_todays_code_answers_with_its_bundle(store: Tracker, expected: pd.DataFrame) -> None:
    assert expected["score"].nunique() > 10
    assert_same(answers(store.root), expected)


def test_mlflow_serves_it_with_the_code_it_was_registered_with(
    store: Tracker, expected: pd.DataFrame, tmp_path: Path
) -> None:
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONPYCACHEPREFIX")}
    done = subprocess.run(
        [sys.executable, "-c", SERVE, store.uri, CASE, str(ROWS)],
        cwd=tmp_path,
        env={**kept, "MLFLOW_TRACKING_URI": store.uri, "MLFLOW_DISABLE_TELEMETRY": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert Path(said["code"]).parts[-3:] == ("code", "components", "__init__.py")
    assert said["predictors"] == ["components.predictors.table.predictor"]
    served = pd.DataFrame(said["answer"])
    assert served["score"].tolist() == pytest.approx(expected["score"].tolist(), abs=NEAR)
    assert served["decision"].tolist() == expected["decision"].tolist()
    assert served["reasons"].map("; ".join).tolist() == expected["reasons"].tolist()


def test_the_gate_compares_a_new_version_with_it_and_a_rollback_returns_to_it(
    store: Tracker, expected: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        monkeypatch.delenv(name, raising=False)
    job = toy_job(CASE, store.root, **OTHER)
    commit(store.root)
    for stage in STAGES:
        importlib.import_module(f"pipelines.steps.{stage}").run(job)

    checks = {one["name"]: one for one in read_json(job.paths.reports(CASE) / "release.json")["checks"]}
    test = pd.read_parquet(job.paths.prepared(CASE) / "test.parquet")
    scores = expected.set_index("row")["score"].loc[test["row"]]
    auc = roc_auc_score(test["target"], scores)
    assert f"over champion version 1 ({auc:.4f})" in checks["champion"]["reason"]
    assert all(one["passed"] for one in checks.values()), checks
    assert champion_version(store, CASE) == "2"

    entry = rollback(store, CASE)
    assert (entry.before, entry.after, champion_version(store, CASE)) == ("2", "1", "1")
    assert [(one.action, one.version) for one in history(store, CASE)] == [
        ("promoted", "1"),
        ("promoted", "2"),
        ("rolled_back", "1"),
    ]
    assert_same(answers(store.root), expected)
    assert answers(store.root, "2")["score"].tolist() != pytest.approx(expected["score"].tolist(), abs=NEAR)


def commit(root: Path) -> None:
    """The gate asks that git's tree is its commit."""
    (root / ".gitignore").write_text("*\n!.gitignore\n", encoding="utf-8")
    author = ("-c", "user.name=toy", "-c", "user.email=toy@example.org")
    for words in (("init", "--quiet"), ("add", "."), (*author, "commit", "--quiet", "-m", "A toy case")):
        subprocess.run(["git", *words], cwd=root, check=True)
