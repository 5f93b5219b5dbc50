"""A second shape of data through the same dvc.yaml: from a folder of files to a champion that recommends."""

import re
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import casebook
from components.core.forgotten import digest_of

pytestmark = pytest.mark.slow

CASE = "films"
USERS = ("3", "stranger")


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
    seen = pd.read_csv(released.root / CASE / "interactions.csv", dtype=str)
    served = answer[answer["user"] == "3"]["item"]
    # The last event is the test's question, which the model has not seen.
    known = seen[seen["user_id"] == "3"].sort_values("timestamp", kind="stable")["item_id"].iloc[:-1]
    assert set(served).isdisjoint(known)


def test_a_forgotten_user_is_a_stranger_to_python_too(released: Any) -> None:
    asked = [{"user_id": "3"}, {"user_id": "stranger"}]
    known, stranger = (answers_of(casebook.load(CASE, root=released.root).predict(asked), user) for user in USERS)
    assert known != stranger
    before = (released.root / "params.yaml").read_text(encoding="utf-8")
    released.set("prepare.forgotten", [digest_of(["3"])], case=CASE)
    forgotten = casebook.load(CASE, root=released.root).predict(asked)
    (released.root / "params.yaml").write_text(before, encoding="utf-8")
    assert answers_of(forgotten, "3") == answers_of(forgotten, "stranger") == stranger


def answers_of(answers: list[dict[str, Any]], user: str) -> list[str]:
    return [str(one["item"]) for one in answers if str(one["user"]) == user]


def test_a_change_of_a_side_file_is_fetched_again(released: Any) -> None:
    assert f"fetch@{CASE}" not in released.stale()
    with (released.root / CASE / "items.csv").open("a", encoding="utf-8") as file:
        file.write("9999,New,Drama,1999\n")
    assert f"fetch@{CASE}" in released.stale()


def predicted(released: Any, *options: str) -> pd.DataFrame:
    command = ("python", "-m", "pipelines.cli", "predict", CASE, "users.csv", "--out", "recs.parquet", *options)
    ended = released.run(*command)
    assert ended.code == 0, ended.said
    assert "1 user(s) that the model does not know" in ended.said
    return pd.read_parquet(released.root / "recs.parquet")
