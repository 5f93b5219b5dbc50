"""Monitoring as a person or a schedule runs it: rows that drifted start one retrain, and the gate has the last word."""

# ruff: noqa: F811 - fixtures of other modules are arguments here

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.pipelines.conftest import ROOT, ROWS, Checkout, copy_of, kill_group, left_alive, put
from tests.pipelines.test_cli import Casebook, casebook  # noqa: F401 - a fixture
from tests.pipelines.test_scheduler import server  # noqa: F401

pytestmark = pytest.mark.slow

# A fit that learns next to nothing: what comes of it is worse than any champion.
WORSE = {
    "fit.lr": 1.0e-9,
    "fit.max_epochs": 1,
    "search.space": {"fit.lr": {"kind": "float", "low": 1.0e-9, "high": 2.0e-9, "log": True}},
    "search.trials": 1,
    "model.logistic.c": 1.0e-12,
    "model.lightgbm.settings.n_estimators": 1,
    "model.lightgbm.settings.num_leaves": 2,
}


def drifted(rows: pd.DataFrame) -> pd.DataFrame:
    """Customers of another time: lower incomes, larger loans, other jobs."""
    return rows.assign(
        Income=rows["Income"] * 0.4, Amount=rows["Amount"] * 2, Job=rows["Job"].mask(rows.index % 2 == 0, "freelance")
    )


def set_monitor(checkout: Checkout, **values: Any) -> None:
    params = checkout.params()
    for name, value in values.items():
        put(params["operate"]["monitor"], name.replace("__", "."), value)
    checkout.write_params(params)


@pytest.fixture(scope="module")
def released(pristine: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The released case with rows to monitor beside it. Reports change, the registry does not."""
    folder = tmp_path_factory.mktemp("monitored")
    made = copy_of(pristine, folder / "checkout")
    rows = pd.read_csv(made.root / ROWS)
    rows.to_csv(folder / "same.csv", index=False)
    drifted(rows).to_csv(folder / "drifted.csv", index=False)
    rows.drop(columns="Income").to_csv(folder / "lacking.csv", index=False)
    rows[:0].to_csv(folder / "none.csv", index=False)
    rows[:30].to_csv(folder / "few.csv", index=False)
    yield made
    assert not left_alive(folder), "the test left processes behind"


LOOK = ("monitor", "toy", "--no-retrain")


def figures(checkout: Checkout) -> Any:
    return checkout.json("reports/toy/monitoring/monitoring.json")


def test_rows_like_those_of_training_give_no_reason_and_drifted_ones_do(released: Checkout, casebook: Casebook) -> None:
    said = casebook(released.root, *LOOK, "--rows", "../same.csv")
    assert said.code == 0, said
    assert "toy: No drift (400 of 400 rows compared)" in said.out
    same = figures(released)
    assert same["reasons"] == same["notes"] == []
    assert same["quality"]["rows"] == 400
    assert same["quality"]["before"] is not None
    said = casebook(released.root, *LOOK, "--rows", "../drifted.csv")
    assert said.code == 0, said
    found = figures(released)
    names = {one["name"] for one in found["columns"] if one["drifted"]}
    assert names == {"Income", "Amount", "Job"}
    assert "3 of 13 columns have drifted: Income" in " ".join(found["reasons"])
    page = (released.root / "reports/toy/monitoring/monitoring.html").read_text(encoding="utf-8")
    assert all(reason in page for reason in found["reasons"])
    assert page.count("data:image/png;base64,iVBOR") == 3
    runs = released.rows("select r.run_uuid, r.status from runs r where r.name = 'toy monitor' order by r.start_time")
    assert [status for _, status in runs] == ["FINISHED", "FINISHED"]
    logged = dict(
        released.rows(f"select key, value from metrics where run_uuid = '{runs[1][0]}'")  # noqa: S608 - our own
    )
    assert logged["monitor/drifted"] == len(names) + sum(one["drifted"] for one in found["said"])
    assert logged["psi/Income"] == pytest.approx(next(x["psi"] for x in found["columns"] if x["name"] == "Income"))


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--rows", "../lacking.csv"), "lacking.csv: the rows lack 1 column(s) that the model uses: 'Income'"),
        (("--rows", "../none.csv"), "none.csv: it has a header but no rows"),
        (("--rows", "../nowhere.csv"), "nowhere.csv: not found"),
        ((), "nothing was logged in the last 30 days; `casebook predict toy"),
    ],
)
def test_what_is_wrong_with_the_rows_is_one_message_and_no_report(
    released: Checkout, casebook: Casebook, arguments: tuple[str, ...], problem: str
) -> None:
    before = released.digests("reports/toy/monitoring")
    assert problem in casebook(released.root, *LOOK, *arguments).problem
    assert released.digests("reports/toy/monitoring") == before
    assert not released.rows("select 1 from runs where status = 'RUNNING'")


def test_without_a_champion_there_is_nothing_to_monitor(released: Checkout, casebook: Casebook) -> None:
    said = casebook(released.root, "monitor", "other")
    assert said.problem == "other: no champion to monitor; `casebook run other` makes one"


def test_few_rows_decide_nothing(released: Checkout, casebook: Casebook) -> None:
    said = casebook(released.root, *LOOK, "--rows", "../few.csv")
    assert said.code == 0, said
    assert "30 units were looked at and 200 are needed: nothing is decided" in said.out


def test_rows_of_a_database_and_labels_that_come_later(
    released: Checkout, casebook: Casebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Applications in a table without their outcome, which a file has for half of them, by an id: all of it wrong."""
    made = copy_of(released, tmp_path / "checkout")
    rows = pd.read_csv(made.root / ROWS).rename_axis("id").reset_index()
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        rows.drop(columns="Status").to_sql("applications", connection, index=False)
    later = rows[["id", "Status"]][::2].replace({"Status": {"good": "bad", "bad": "good"}})
    later.to_csv(tmp_path / "later.csv", index=False)
    sql = {"kind": "sql", "variable": "SHOP_URL", "query": "select * from applications"}
    set_monitor(made, rows=sql, labels={"kind": "file", "path": "../later.csv"})
    made.set("prepare.key", ["id"])
    assert "SHOP_URL: not set" in casebook(made.root, *LOOK).problem
    monkeypatch.setenv("SHOP_URL", f"sqlite:///{tmp_path / 'shop.db'}")
    said = casebook(made.root, *LOOK)
    assert said.code == 0, said
    found = figures(made)
    assert found["quality"]["rows"] == 200
    assert found["quality"]["dropped"] is True
    assert [reason for reason in found["reasons"] if reason.startswith("auc went from")]


def states(checkout: Checkout) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(checkout.root / ".prefect" / "prefect.db")) as connection:
        return connection.execute("select name, state_type from flow_run order by created").fetchall()


@pytest.mark.cluster
def test_drift_starts_exactly_one_retrain_and_a_worse_model_is_not_promoted(pristine: Checkout, tmp_path: Path) -> None:
    """What was predicted has drifted; the source has such rows, too, but what is fitted on them now is worse."""
    made = copy_of(pristine, tmp_path / "checkout")
    rows = pd.read_csv(made.root / ROWS)
    drifted(rows).to_csv(tmp_path / "asked.csv", index=False)
    pd.concat([rows, drifted(rows)]).to_csv(made.root / ROWS, index=False)
    for dotted, value in WORSE.items():
        made.set(dotted, value)
    made.commit()
    for _ in range(2):
        ended = made.run(
            "casebook", "predict", "toy", str(tmp_path / "asked.csv"), "--out", str(tmp_path / "a.parquet")
        )
        assert ended.code == 0, ended.said
    assert len(list((made.root / "state" / "predictions" / "toy").glob("*.parquet"))) == 2

    started = made.start("python", "-m", "pipelines.monitor", "toy")
    try:
        ended = started.wait(1500)  # a whole pipeline, on a machine that may be busy
    finally:
        kill_group(started.process.pid)
    assert ended.code == 0, ended.said
    assert states(made) == [("monitor toy", "COMPLETED"), ("retrain toy", "COMPLETED")]
    release = made.json("reports/toy/release.json")
    assert (release["version"], release["promoted"]) == ("2", False)
    failed = {check["name"] for check in release["checks"] if not check["passed"]}
    assert "champion" in " ".join(failed), release["checks"]

    ended = made.run("casebook", "monitor", "toy")
    assert ended.code == 0, ended.said
    assert "no retrain is started: the last one is not 168 hours old" in ended.said
    assert re.search(
        r"the data on disk \(\w+\.dir\) are other ones; compared with the champion's \(\w+\.dir\)", ended.said
    )
    assert len(figures(made)["reasons"]) > 0
    assert made.rows("select version from model_versions order by version") == [(1,), (2,)]
    aliases = made.rows("select version from registered_model_aliases where alias = 'champion'")
    assert aliases == [(1,)]
    assert len(states(made)) == 2
    record = made.json("state/toy/monitor/retrain.json")
    assert (record["state"], len(record["reasons"]) > 0) == ("started", True)
    assert not made.rows("select 1 from runs where status = 'RUNNING'")
    assert not left_alive(tmp_path), "the test left processes behind"


CLIENT = """
from prefect.client.orchestration import get_client
from components.core.errors import CasebookError
from components.monitoring.once import Retrain
from pipelines.monitor import start_retrain

def due(name):
    return Retrain(name, "2026-11-23T12:00:00+00:00", ("drift",), "due")

try:
    start_retrain("toy", ".", due("one"))
except CasebookError as error:
    print(error)
with get_client(sync_client=True) as client:
    deployment = client.create_deployment(client.create_flow_from_name("retrain"), "toy", entrypoint="none.py:retrain")
    first, again, other = (start_retrain("toy", ".", due(name)) for name in ("one", "one", "two"))
    assert first == again != other
    print(len(client.read_flow_runs()))
"""


def test_a_server_runs_a_retrain_once_however_often_it_is_asked(server: dict[str, str]) -> None:
    """Without a deployment it says what to do."""
    environment = {**server, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", CLIENT], env=environment, check=False, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    refused, count = done.stdout.strip().splitlines()[-2:]
    assert refused.endswith("no deployment retrain/toy; `make deploy` makes it")
    assert count == "2"
