"""A second shape of data through the same dvc.yaml: from a folder of files to a champion that recommends."""

import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pandas as pd
import pytest

import casebook
from components.core.forgotten import digest_of
from tests.pipelines.conftest import operate
from tests.pipelines.serving import serving

pytestmark = pytest.mark.slow

CASE = "films"
USERS = ("3", "stranger")
COMMAND = ("python", "-m", "pipelines.cli")


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory, released_case: Callable[..., Any]) -> Any:
    return released_case("recommender", CASE, tmp_path_factory.mktemp("films"))


def test_events_become_a_champion_and_are_then_done(released: Any) -> None:
    assert released.json(f"reports/{CASE}/release.json")["promoted"] is True
    metrics = released.json(f"reports/{CASE}/metrics.json")
    assert metrics["protocol"]["text"].startswith("leave-one-out")
    assert {"ndcg@10", "hr@10", "map@10", "mrr@10"} <= set(metrics["test"])
    assert set(metrics["baselines"]) == {"ease", "popularity", "transitions"}
    again = released.repro(f"release@{CASE}")
    assert (again.code, re.findall("Running stage", again.said)) == (0, []), again.said
    assert released.rows("select name from runs where status = 'RUNNING'") == []


def test_the_champion_recommends_to_a_file_of_users(released: Any) -> None:
    (released.root / "users.csv").write_text("user_id\n3\n1\nstranger\n", encoding="utf-8")
    first = str(predicted(released, "--top", "3")["item"].iloc[0])
    (released.root / "deny.txt").write_text(f"{first}\n", encoding="utf-8")
    answer = predicted(released, "--top", "3", "--deny", "deny.txt")
    assert answer["user"].tolist() == ["3"] * 3 + ["1"] * 3 + ["stranger"] * 3
    assert answer["rank"].tolist() == [1, 2, 3] * 3
    assert first not in set(answer["item"])
    seen = events(released)
    served = answer[answer["user"] == "3"]["item"]
    assert set(served).isdisjoint(seen[seen["user_id"] == "3"]["item_id"])


def test_users_are_known_to_the_end_of_the_data_wherever_the_version_answers(
    released: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is recommended what they had last, which the figures are asked for."""
    import mlflow.pyfunc

    users = pd.DataFrame({"user_id": sorted(set(events(released)["user_id"]))})
    users.to_csv(released.root / "all.csv", index=False)
    ended = released.run(*COMMAND, "predict", CASE, "all.csv", "--out", "all.parquet")
    assert ended.code == 0, ended.said
    answers = pd.read_parquet(released.root / "all.parquet")
    newest = events(released).sort_values("timestamp", kind="stable").groupby("user_id").tail(1)
    asked = answers.merge(newest, left_on=["user", "item"], right_on=["user_id", "item_id"])
    assert (len(set(answers["user"])), len(asked)) == (len(users), 0)
    monkeypatch.setattr(sys, "path", [*sys.path])  # MLflow adds the model's own code to it
    (model,) = (released.root / "mlartifacts").rglob("MLmodel")
    for found in (
        casebook.load(CASE, root=released.root).predict(users),
        mlflow.pyfunc.load_model(str(model.parent)).predict(users),
    ):
        assert found["item"].astype(str).tolist() == answers["item"].tolist()


def test_a_version_tells_up_to_when_it_knows_its_users(released: Any) -> None:
    release, last = released.json(f"reports/{CASE}/release.json"), events(released)["timestamp"].astype(int).max()
    moment = datetime.fromtimestamp(int(last), UTC)
    assert released.outs()[f"models/{CASE}/histories"] == release["histories_md5"]
    (tagged,) = released.rows("select value from model_version_tags where key = 'histories_md5'")
    assert tagged == (release["histories_md5"],)
    shown = f"{moment:%Y-%m-%d %H:%M:%S} UTC"
    card = (released.root / "reports" / CASE / "card.md").read_text(encoding="utf-8")
    assert f"- Users are known up to {shown}: " in card
    assert f"users known to {shown}" in " ".join(released.run(*COMMAND, "list").said.replace("│", " ").split())
    assert f"known up to {shown}" in released.run(*COMMAND, "champion", CASE).said
    assert "everything matches" in released.run(*COMMAND, "verify", CASE).said


def test_what_came_since_is_caught_up_with_and_is_no_news_to_dvc_or_git(released: Any) -> None:
    before, clean = released.digests(f"models/{CASE}/histories"), released.stale()
    new = first_answer(released, "3")
    rows = f"user_id,item_id,timestamp,rating\n3,{new},2000000000,5\nnewcomer,{new},2000000000,5\n9,none,2000000000,1\n"
    (released.root / "new.csv").write_text(rows, encoding="utf-8")
    released.write_params({**released.params(), "operate": operate()})
    with serving(released, case=CASE) as (started, address):
        assert first_served(address, "3") == (new, "blend")
        assert first_served(address, "newcomer")[1] == "popularity"
        ended = released.run(*COMMAND, "catch-up", CASE, "new.csv")
        deadline = time.monotonic() + 60
        while first_served(address, "3")[0] == new:
            assert time.monotonic() < deadline, started.said
            time.sleep(0.2)
        assert first_served(address, "newcomer")[1] == "blend"
    assert ended.code == 0, ended.said
    told = f"{CASE}: 2 new event(s) of 2 user(s), 0 were known; version 1 answers by what was done up to 2033-05-18"
    assert told in ended.said
    assert "1 event(s) of 1 item(s) that the model does not know, such as 'none', are left out" in ended.said
    assert "1 user(s) whom the model does not know, such as 'newcomer'" in ended.said
    assert first_answer(released, "3") != new
    assert new not in answers_of(casebook.load(CASE, root=released.root).predict([{"user_id": "newcomer"}]), "newcomer")
    again = released.run(*COMMAND, "catch-up", CASE, "new.csv")
    assert f"{CASE}: nothing new: version 1 knows its users up to 2033-05-18" in again.said
    source = released.run(*COMMAND, "catch-up", CASE)  # the case's own, which has not changed
    assert f"{CASE}: nothing new" in source.said
    assert [path.name for path in (released.root / "models" / CASE / "caught-up").iterdir()] == ["1"]
    assert released.digests(f"models/{CASE}/histories") == before
    assert released.stale() == clean == []
    changed = released.git("status", "--porcelain").splitlines()
    assert [line for line in changed if "models" in line] == []
    assert "users known to 2033-05-18" in " ".join(released.run(*COMMAND, "list").said.replace("│", " ").split())


def test_a_forgotten_user_is_a_stranger_to_python_too(released: Any) -> None:
    asked = [{"user_id": "3"}, {"user_id": "stranger"}]
    known, stranger = (answers_of(casebook.load(CASE, root=released.root).predict(asked), user) for user in USERS)
    assert known != stranger
    before = (released.root / "params.yaml").read_text(encoding="utf-8")
    released.set("prepare.forgotten", [digest_of(["3"])], case=CASE)
    forgotten = casebook.load(CASE, root=released.root).predict(asked)
    (released.root / "params.yaml").write_text(before, encoding="utf-8")
    assert answers_of(forgotten, "3") == answers_of(forgotten, "stranger") == stranger


def events(released: Any) -> pd.DataFrame:
    return pd.read_csv(released.root / CASE / "interactions.csv", dtype=str)


def first_answer(released: Any, user: str) -> str:
    return answers_of(casebook.load(CASE, root=released.root).predict([{"user_id": user}]), user)[0]


def first_served(address: str, user: str) -> tuple[str, str]:
    found = httpx.post(f"{address}/recommend", json={"user": user, "top": 1}, timeout=60).json()["rows"][0]
    return str(found["items"][0]["item"]), str(found["answered_by"])


def answers_of(answers: list[dict[str, Any]], user: str) -> list[str]:
    return [str(one["item"]) for one in answers if str(one["user"]) == user]


def test_a_change_of_a_side_file_is_fetched_again(released: Any) -> None:
    assert f"fetch@{CASE}" not in released.stale()
    with (released.root / CASE / "items.csv").open("a", encoding="utf-8") as file:
        file.write("9999,New,Drama,1999\n")
    assert f"fetch@{CASE}" in released.stale()


def predicted(released: Any, *options: str) -> pd.DataFrame:
    ended = released.run(*COMMAND, "predict", CASE, "users.csv", "--out", "recs.parquet", *options)
    assert ended.code == 0, ended.said
    assert "1 user(s) that the model does not know" in ended.said
    return pd.read_parquet(released.root / "recs.parquet")
