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

from components.core.yaml_files import dump_yaml, read_yaml
from tests.pipelines.conftest import ROOT, ROWS, Checkout, copy_of, kill_group, left_alive, put
from tests.pipelines.operating.receivers import SECRET, Hook, webhook
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
        return connection.execute("select name, state_name from flow_run order by created").fetchall()


@pytest.mark.cluster
def test_drift_starts_exactly_one_retrain_and_a_worse_model_is_not_promoted(pristine: Checkout, tmp_path: Path) -> None:
    """What was predicted has drifted; the source has such rows, too, but what is fitted on them now is worse.

    Those who are to be told learn of the drift once, of the refusal, and of a retrain that fails.
    """
    made = copy_of(pristine, tmp_path / "checkout")
    rows = pd.read_csv(made.root / ROWS)
    drifted(rows).to_csv(tmp_path / "asked.csv", index=False)
    pd.concat([rows, drifted(rows)]).to_csv(made.root / ROWS, index=False)
    for dotted, value in WORSE.items():
        made.set(dotted, value)
    params = made.params()
    params["operate"]["notify"] = {"kind": "webhook", "variable": "TEAM_HOOK"}
    made.write_params(params)
    made.commit()
    for _ in range(2):
        ended = made.run(
            "casebook", "predict", "toy", str(tmp_path / "asked.csv"), "--out", str(tmp_path / "a.parquet")
        )
        assert ended.code == 0, ended.said
    assert len(list((made.root / "state" / "predictions" / "toy").glob("*.parquet"))) == 2

    with webhook() as hook:
        made.environment["TEAM_HOOK"] = hook.address
        started = made.start("python", "-m", "pipelines.monitor", "toy")
        try:
            ended = started.wait(1500)  # a whole pipeline, on a machine that may be busy
        finally:
            kill_group(started.process.pid)
        assert ended.code == 0, ended.said
        check_refused(made, hook)
        said = ended.said

        ended = made.run("casebook", "monitor", "toy")
        assert ended.code == 0, ended.said
        assert "no retrain is started: the last one is not 168 hours old" in ended.said
        assert re.search(
            r"the data on disk \(\w+\.dir\) are other ones; compared with the champion's \(\w+\.dir\)", ended.said
        )
        assert len(figures(made)["reasons"]) > 0
        assert len(states(made)) == 2

        ended = made.run("python", "-m", "pipelines.retrain", "toy")
        assert ended.code == 0, ended.said
        assert "toy: no stage ran: data, params and code are those of the last run; the champion stays" in ended.said
        assert states(made)[2:] == [("retrain toy", "Unchanged")]
        assert hook.kinds == ["drift", "retrain_refused"]

        (made.root / ROWS).unlink()
        ended = made.run("python", "-m", "pipelines.retrain", "toy")
        assert ended.code != 0
        assert states(made)[3:] == [("retrain toy", "Failed")]
        assert hook.kinds == ["drift", "retrain_refused", "retrain_failed"]
        assert "fetch@toy ended with exit code" in hook.got[-1]["text"]
        assert SECRET not in said + ended.said
        files = [path for path in made.root.rglob("*") if path.is_file()]
        assert not [path for path in files if SECRET.encode() in path.read_bytes()]
    assert made.rows("select version from model_versions order by version") == [(1,), (2,)]
    aliases = made.rows("select version from registered_model_aliases where alias = 'champion'")
    assert aliases == [(1,)]
    assert not made.rows("select 1 from runs where status = 'RUNNING'")
    assert not left_alive(tmp_path), "the test left processes behind"


def check_refused(made: Checkout, hook: Hook) -> None:
    """The retrain that the drift had started trained version 2, which the gate refused; news would start another."""
    assert states(made) == [("monitor toy", "Completed"), ("retrain toy", "Refused")]
    release = made.json("reports/toy/release.json")
    assert (release["version"], release["promoted"]) == ("2", False)
    failed = {check["name"] for check in release["checks"] if not check["passed"]}
    assert "champion" in " ".join(failed), release["checks"]
    assert hook.kinds == ["drift", "retrain_refused"]
    assert hook.got[0]["text"] == "toy: the rows that version 1 meets have drifted"
    assert hook.got[1]["text"].startswith("toy version 2: trained, and refused by the gate; the champion stays.")
    assert hook.got[1]["details"] == release["reasons"]
    record = made.json("state/toy/monitor/retrain.json")
    assert (record["state"], len(record["reasons"]) > 0) == ("started", True)
    data = made.outs()["data/prepared/toy"]
    assert record["result"] == {"came": "refused", "data": data}
    assert news(made, data, "other") == "False True"
    before = (made.root / ROWS).read_bytes()
    made.append(str(ROWS), before.decode().splitlines()[-1] + "\n")
    assert news(made, data) == "True"
    (made.root / ROWS).write_bytes(before)


NEWS = """
import sys
from pathlib import Path
from pipelines.commands.monitoring import has_news
print(*(has_news("toy", Path.cwd(), data) for data in sys.argv[1:]))
"""


def news(made: Checkout, *digests: str) -> str:
    """What monitoring thinks of the source if a refused retrain was about prepared rows of these digests."""
    ended = made.run(sys.executable, "-c", NEWS, *digests)
    assert ended.code == 0, ended.said
    return ended.said.splitlines()[-1]


CLIENT = """
import os, sys
from pathlib import Path
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Crashed, Running
from components.core.params.operate import load_operate
from components.monitoring.once import NotStartedError, Retrain
from pipelines.monitor import start_retrain
from pipelines.operating.ask import ask_for_retrain, ask_now
from pipelines.operating.told import read_told, record_of
from pipelines.operating.worker import tell_lost

operate = load_operate(Path(sys.argv[1]))
KILLED = "Process exited with status code: -9. The process was killed."

def due(name):
    return Retrain(name, "2026-11-23T12:00:00+00:00", ("drift",), "due")

def refused(ask, *words):
    try:
        ask(*words)
    except NotStartedError as error:
        print(error)

refused(start_retrain, "toy", ".", due("one"))
refused(ask_now, "toy", operate)
with get_client(sync_client=True) as client:
    client.create_work_pool(WorkPoolCreate(name="cpu", type="process"))
    flow = client.create_flow_from_name("retrain")
    client.create_deployment(flow, "toy", entrypoint="none.py:retrain", work_pool_name="cpu")
    refused(ask_now, "toy", operate)
    assert start_retrain("toy", ".", due("one")) is None
    first, again, other = (ask_for_retrain("toy", key=name) for name in ("one", "one", "two"))
    assert first.id == again.id != other.id
    assert client.read_flow_run(first.id).idempotency_key == "one"  # by which its end is written down
    client.send_worker_heartbeat("cpu", "a worker")
    run, page = ask_now("toy", operate)
    assert run.state.is_scheduled() and str(run.id) in page, page
    print(page.partition("/runs/")[0] + "/api" == os.environ["PREFECT_API_URL"])
    print(len(client.read_flow_runs()))
    lost = {}
    for worker, message in (("a worker", "no heartbeat"), ("a worker", KILLED), ("other", "no heartbeat")):
        parameters = {"case": "finance_risk", "root": sys.argv[2]}
        one = client.create_flow_run_from_deployment(first.deployment_id, parameters=parameters, state=Running())
        client.update_flow_run_labels(one.id, {"prefect.worker.name": worker})
        client.set_flow_run_state(one.id, Crashed(message=message), force=True)
        lost[str(one.id)] = (worker, message)
    tell_lost(client, "cpu", "a worker", Path("/nowhere"))
    print(*(lost[one.key] for one in read_told(record_of(Path(sys.argv[2]), "finance_risk")).waiting))
os.environ["PREFECT_API_URL"] = "http://user:canary@127.0.0.1:9/api"
with temporary_settings({PREFECT_API_URL: os.environ["PREFECT_API_URL"]}):
    refused(ask_now, "toy", operate)
del os.environ["PREFECT_API_URL"]
refused(ask_now, "toy", operate)
"""


def test_a_server_runs_a_retrain_once_however_often_it_is_asked_and_its_worker_tells_of_lost_ones(
    server: dict[str, str], tmp_path: Path
) -> None:
    """Where it cannot be asked, one message says what to do. A killed run is taken up again, and is not lost."""
    params = read_yaml(ROOT / "params.yaml")
    params["operate"]["notify"] = {"kind": "webhook", "variable": "TEAM_HOOK"}
    (tmp_path / "params.yaml").write_text(dump_yaml(params), encoding="utf-8")
    environment = {**server, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", CLIENT, str(ROOT / "params.yaml"), str(tmp_path)]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    asked, by_hand, nobody, page, count, lost, away, unknown = done.stdout.strip().splitlines()[-8:]
    assert asked == by_hand == f"{server['PREFECT_API_URL']}: no deployment retrain/toy; `make deploy` makes it"
    assert nobody.endswith(
        "nobody would run retrain/toy: no worker of the pool cpu was heard of in the last 45 seconds; "
        "`casebook worker cpu` starts one"
    )
    assert (page, count) == ("True", "3")
    assert lost == "('a worker', 'no heartbeat')"
    assert away.endswith("127.0.0.1:9/api does not answer: start it, or correct PREFECT_API_URL")
    assert unknown.startswith("no Prefect server is up: `make up` starts one here")
    assert "canary" not in done.stdout + done.stderr
