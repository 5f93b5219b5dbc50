"""`POST /recommend` and the other ways to ask a recommender; what is kept of its users while it serves."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

from components.core.forgotten import FORGOTTEN, digest_of
from components.core.histories import next_set
from components.core.job import AnyJob
from components.core.yaml_files import dump_yaml, read_yaml
from components.monitoring.log import OURS, log_folder
from components.recipes.next_item.serving.predictor import open_predictor
from components.recipes.next_item.serving.stored import encoders_of, write_stored
from components.registry.finding import Served
from components.serving.kept import Keeper
from components.serving.state import Serving, State
from tests.components.recipes.next_item.serving.test_stored import EVENTS
from tests.components.recipes.next_item.serving.tiny import write_tiny
from tests.components.serving.served import ASKED, LOG, listening, shown_and_sent
from tests.toy.jobs import CHECKOUT, toy_job

CASE, OTHER = "recommender", "other"


@dataclass(frozen=True)
class Recommending:
    """Two cases of the recipe, `recommender` with histories that have been stored at its release."""

    client: httpx.Client
    state: State
    job: AnyJob
    bundle: Path

    def store(self, events: Any, others: list[str], folder: Path) -> None:
        write_stored(folder, events, others, encoders_of(open_predictor(self.bundle).catalogue))

    def items(self, user: str) -> set[str]:
        found = self.client.post("/recommend", json={"case": CASE, "user": user, "top": 6}).json()
        return {one["item"] for one in found["rows"][0]["items"]}


@pytest.fixture(scope="module")
def recommending(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recommending]:
    root = tmp_path_factory.mktemp("checkout")
    (root / "params.yaml").write_bytes((CHECKOUT / "params.yaml").read_bytes())
    job = toy_job(CASE, root)
    bundle = write_tiny(root / "bundle")
    own = root / "histories"
    own.mkdir()
    write_stored(own, EVENTS.slice(0, 2), [], encoders_of(open_predictor(bundle).catalogue))
    found = Served("1", bundle, is_champion=True, histories=own)
    params = read_yaml(root / "params.yaml")
    params["cases"][OTHER] = params["cases"][CASE]
    (root / "params.yaml").write_text(dump_yaml(params), encoding="utf-8")
    jobs = [job, replace(job, case=OTHER)]
    state = State(Serving(jobs=jobs, logs={OTHER: LOG}, **ASKED), lambda *_: found)
    state.keeper = Keeper(root, {OTHER: LOG}, state.figures, every=0.05)
    with listening(state) as client:
        yield Recommending(client, state, job, bundle)


def test_recommend_is_predict_by_another_name(recommending: Recommending) -> None:
    client = recommending.client
    plain = client.post(
        f"/v1/{CASE}/predict", json={"rows": [{"user": 1}, {"user": 2}], "top": 2, "deny": [12], "request_id": "a"}
    )
    short = client.post("/recommend", json={"case": CASE, "user": [1, 2], "top": 2, "deny": [12], "request_id": "a"})
    assert short.json() == plain.json()
    assert (short.json()["version"], len(short.json()["rows"])) == ("1", 2)
    history = [10, {"item": 11}]
    plain = client.post(f"/v1/{CASE}/predict", json={"rows": [{"history": history}], "explain": "always"})
    short = client.post("/recommend", json={"case": CASE, "history": history, "explain": "always"})
    assert short.json()["rows"] == plain.json()["rows"]
    lines = client.post(
        f"/v1/{CASE}/predict",
        content='{"user": 1}\n{"user": [1]}\n{"history": [10, 11]}\n',
        headers={"content-type": "application/x-ndjson"},
    ).text.splitlines()
    assert ["error" in line for line in lines] == [False, True, False]


def test_the_commands_of_the_docs_are_answered(recommending: Recommending) -> None:
    found = Served("1", recommending.bundle, is_champion=True)
    state = State(Serving(jobs=[recommending.job], logs={}, **ASKED), lambda *_: found)
    with listening(state) as client:
        named, given = shown_and_sent(client, "/recommend")
    assert [one["rows"][0]["user"] for one in (named, given)] == ["1", None]
    assert [item["rank"] for item in given["rows"][0]["items"]] == [1, 2, 3]
    assert {item["item"] for item in given["rows"][0]["items"]}.isdisjoint({"10", "12", "13"})
    assert {"item", "score", "title", "because", "because_title"} <= set(named["rows"][0]["items"][0])


@pytest.mark.parametrize(
    ("body", "status", "loc"),
    [
        ({"user": 1}, 422, ["case"]),
        ({"user": 1, "case": "nobody"}, 404, ["case"]),
        ({"user": 1, "case": 5}, 404, ["case"]),
        ({"case": CASE}, 422, ["rows", 0, "user"]),
        ({"case": CASE, "user": [1, {}]}, 422, ["rows", 1, "user"]),
        ({"case": CASE, "user": [1, 2], "history": [10]}, 422, ["history"]),
        ({"case": CASE, "user": 1, "top": "many"}, 422, ["top"]),
        ({"case": CASE, "user": 1, "allow": ["no such"]}, 422, ["allow"]),
        ([], 422, []),
    ],
)
def test_what_is_wrong_with_it_is_told(recommending: Recommending, body: Any, status: int, loc: list[Any]) -> None:
    found = recommending.client.post("/recommend", json=body)
    assert (found.status_code, found.json()["detail"][0]["loc"]) == (status, loc), found.text


def test_a_form_of_another_kind_is_415(recommending: Recommending) -> None:
    found = recommending.client.post("/recommend", content="user\n1\n", headers={"content-type": "text/csv"})
    assert found.status_code == 415


def test_a_request_is_counted_for_its_case(recommending: Recommending) -> None:
    recommending.items("2")
    page = recommending.client.get("/metrics").text
    assert f'casebook_requests_total{{case="{CASE}",status="200"}}' in page


def test_clients_of_other_protocols_send_interactions_and_get_a_table(recommending: Recommending) -> None:
    records = [
        {"user_id": "7", "item_id": 10, "timestamp": 5, "rating": 4.0},
        {"user_id": "7", "item_id": 11, "timestamp": 6, "rating": None},
    ]
    found = recommending.client.post(f"/v1/{CASE}/invocations", json={"dataframe_records": records})
    rows = found.json()["predictions"]
    wanted = [{"item": one["item_id"], "time": one["timestamp"], "rating": one["rating"]} for one in records]
    (answer,) = recommending.client.post(f"/v1/{CASE}/predict", json={"rows": [{"user": 7, "history": wanted}]}).json()[
        "rows"
    ]
    assert [(one["user"], one["rank"], one["item"], one["score"]) for one in rows] == [
        ("7", one["rank"], one["item"], one["score"]) for one in answer["items"]
    ]


def test_the_log_has_histories_as_interactions_and_who_is_named_alone_apart(recommending: Recommending) -> None:
    client, root = recommending.client, recommending.job.paths.root
    asked = [
        {"user": "1"},
        {"user": "8", "history": [{"item": 10, "time": 7}, {"item": 11, "time": 8}]},
        {"history": [12]},
    ]
    for log in (True, False):
        client.post(f"/v1/{OTHER}/predict", json={"rows": asked, "log": log})
    deadline = time.monotonic() + 60
    rows: list[dict[str, Any]] = []
    while len(rows) < 4:
        assert time.monotonic() < deadline, rows
        time.sleep(0.05)
        rows = [
            row for path in log_folder(root, OTHER).glob("[!.]*.parquet") for row in pq.read_table(path).to_pylist()
        ]
    found = {row["user_id"][:7]: {name for name in row if not name.startswith(OURS)} for row in rows}
    event = {"user_id", "item_id", "timestamp"}
    assert found == {"1": {"user_id"}, "8": event, "nobody-": event}
    assert [(int(row["item_id"]), row["timestamp"]) for row in rows if row["user_id"] == "8"] == [(10, 7), (11, 8)]


def test_new_events_and_people_who_are_forgotten_are_taken_at_the_next_look(recommending: Recommending) -> None:
    job, state = recommending.job, recommending.state
    slot, swaps = state.slots[CASE], []
    assert recommending.items("1") == {"12", "13", "14", "15"}
    held = slot.model
    swaps.append(slot.look())
    assert slot.model is held  # nothing is new
    with next_set(job.paths.caught_up(CASE)) as (folder, _):
        recommending.store(EVENTS, ["new"], folder)
    swaps.append(slot.look())
    assert recommending.items("1") == {"12", "14", "15"}
    assert recommending.items("new") == {"10", "11", "12", "13", "15"}
    params = read_yaml(job.paths.root / "params.yaml")
    params["cases"][CASE]["prepare"][FORGOTTEN] = [digest_of(["1"])]
    (job.paths.root / "params.yaml").write_text(dump_yaml(params), encoding="utf-8")
    swaps.append(slot.look())
    assert len(recommending.items("1")) == 6
    assert (swaps, slot.trouble) == ([False] * 3, "")
    held = slot.model
    (job.paths.root / "params.yaml").write_text("cases: [", encoding="utf-8")
    assert not slot.look()
    assert slot.model is held
    assert "params.yaml" in slot.trouble
