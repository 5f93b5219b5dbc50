"""A released case, run by a real `dvc repro`, that is renamed, cleared of what is left behind, and removed."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from components.core.job import Paths
from components.core.params.load import load_params
from components.core.recipe import make_job
from components.registry.champion import champion_at
from components.registry.keep import Doomed, all_of
from components.registry.ledger import history
from components.registry.trace import trace
from components.registry.verify import verify
from components.tracking.track import connect
from pipelines.leaving.collect import collect
from pipelines.leaving.remove import plan, remove
from pipelines.leaving.rename import rename
from pipelines.reference import prepared_of

pytestmark = pytest.mark.slow
ROWS = Path("tests/toy/finance_risk/rows.csv")


@pytest.fixture(autouse=True)
def _no_store_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLFLOW_TRACKING_URI", "CASEBOOK_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


def said_of(root: Path, case: str) -> dict[str, Any]:
    """All that the registry says of a case, and what `casebook verify` finds."""
    tracker = connect(root)
    found = {"champion": champion_at(tracker, case), "history": history(tracker, case), "trace": trace(tracker, case)}
    mismatches = verify(tracker, case, load_params(root / "params.yaml").case(case))
    return {**found, "mismatches": mismatches, "experiment": tracker.experiment(case)}


def of_case(checkout: Any, case: str) -> list[str]:
    """The stale stages of a case."""
    return [stage for stage in checkout.stale() if stage.endswith(f"@{case}")]


def studies(root: Path, case: str) -> list[str]:
    (database,) = (root / "state" / case / "search").glob("*/study.db")
    with closing(sqlite3.connect(database)) as connection:
        return [name.split("-")[0] for (name,) in connection.execute("select study_name from studies")]


def test_a_renamed_case_is_served_traced_and_verified_as_before_and_nothing_runs(finished: Any) -> None:
    before, outs = said_of(finished.root, "toy"), finished.outs()
    assert (before["champion"]["version"], before["mismatches"]) == ("1", [])
    assert (of_case(finished, "toy"), studies(finished.root, "toy")) == ([], ["toy"])
    rename(finished.root, "toy", "loans")
    after = said_of(finished.root, "loans")
    assert after["champion"] == {**before["champion"], "name": "loans"}
    assert after["trace"] == {**before["trace"], "case": "loans"}
    assert [after[key] for key in ("history", "mismatches", "experiment")] == [
        before["history"],
        [],
        before["experiment"],
    ]
    assert studies(finished.root, "loans") == ["loans"]
    assert [of_case(finished, "loans"), sorted(finished.outs().values())] == [[], sorted(outs.values())]
    ended = finished.repro("release@loans")
    assert ended.code == 0, ended.said
    assert re.findall(r"Running stage .(\S+).:", ended.said) == ["code"]
    answered = finished.run("python", "-m", "pipelines.cli", "predict", "loans", str(ROWS), "--out", "answers.csv")
    assert answered.code == 0, answered.said
    assert len((finished.root / "answers.csv").read_text(encoding="utf-8").splitlines()) == 401


def test_what_is_finished_goes_and_the_champion_its_data_and_the_ledger_stay(finished: Any) -> None:
    before = said_of(finished.root, "toy")
    md5 = before["champion"]["data_md5"]
    finished.set("prepare.split.seed", 1001)
    ended = finished.repro("prepare@toy")
    assert ended.code == 0, ended.said
    planned = collect(finished.root, [], 1, dry_run=True)
    assert (finished.root / "state" / "toy" / "fit").is_dir()
    assert collect(finished.root, [], 1, dry_run=False) == planned
    kinds = {one.what for one in planned}
    assert {
        "studies of finished searches",
        "checkpoints of finished fits",
        "variants of finished compressions",
    } <= kinds
    assert "versions" not in kinds
    assert collect(finished.root, [], 1, dry_run=True) == []
    assert {key: said_of(finished.root, "toy")[key] for key in ("champion", "history")} == {
        key: before[key] for key in ("champion", "history")
    }
    job = make_job("toy", load_params(finished.root / "params.yaml").case("toy"), Paths(finished.root))
    assert "from DVC's cache" in prepared_of(job, md5)[1]
    finished.set("prepare.split.seed", 11)
    ended = finished.repro("release@toy")
    assert ended.code == 0, ended.said


def test_a_removed_case_keeps_its_registry_unless_it_is_told_to_go(finished: Any) -> None:
    before = champion_at(connect(finished.root), "toy")
    planned = {one.what: one for one in plan(finished.root, "toy", registry=True)}
    assert planned["MLflow: versions, with the ledger"].number == 1
    assert planned["MLflow: models"].bytes > 10_000
    assert planned["dvc.lock: stages"].number == 7
    params = (finished.root / "params.yaml").read_bytes()
    lock = (finished.root / "dvc.lock").read_bytes()
    remove(finished.root, "toy", registry=False)
    assert list(finished.params()["cases"]) == ["other"]
    left = [path.name for path in (finished.root / "models").iterdir()]
    assert (list(finished.lock()), left) == (["code"], ["None"])  # what a case starts from whose start is null
    assert champion_at(connect(finished.root), "toy") == before
    (finished.root / "params.yaml").write_bytes(params)
    (finished.root / "dvc.lock").write_bytes(lock)
    remove(finished.root, "toy", registry=True)
    assert all_of(connect(finished.root), "toy") == Doomed(None, whole=True)
    assert not [path for path in (finished.root / "mlartifacts").rglob("*") if path.is_file() and path.name[0] != "."]
