"""A canary that answers its part and a shadow that answers unseen: whoever fails, the champion answers."""

import asyncio
import json
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from components.core.errors import CasebookError
from components.core.files import read_json, write_json
from components.core.job import AnyJob
from components.monitoring.log import log_folder
from components.recipes.conversion.online.wishes import Together
from components.registry.finding import Served
from components.serving import shadow as shadows
from components.serving.canary import key_of
from components.serving.comparing import OTHER, REFUSED, SAME, difference
from components.serving.models import open_model
from components.serving.service import Answered, Options
from tests.components.serving.served import until
from tests.components.serving.test_app import CASE, PATH, raw_rows
from tests.conftest import Fitted


@dataclass
class Versions:
    """What a registry would say: bundles by number, and the aliases. Goes to the shadow's process as it is."""

    bundles: dict[str, Path]
    aliases: dict[str, str] = field(default_factory=lambda: {"champion": "1", "candidate": "2"})

    def __call__(self, _job: AnyJob, which: str | None) -> Served:
        number = self.aliases.get(which or "champion", which)
        if number not in self.bundles:
            raise CasebookError(f"no version {number}")
        return Served(str(number), self.bundles[str(number)], is_champion=number == self.aliases["champion"])


@pytest.fixture(scope="module")
def versions(fitted: Fitted, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Versions]:
    """The champion, a candidate that declines everybody, and one that is broken."""
    folder = tmp_path_factory.mktemp("versions")
    for name in ("2", "3"):
        shutil.copytree(fitted.bundle, folder / name)
    index = read_json(folder / "2" / "bundle.json")
    index["manifest"]["settings"]["threshold"] = 0.0
    write_json(folder / "2" / "bundle.json", index)
    next((folder / "3").glob("*.onnx")).write_bytes(b"broken")
    return lambda: Versions({"1": fitted.bundle, "2": folder / "2", "3": folder / "3"})


def figures(client: Any) -> dict[str, float]:
    lines = [line for line in client.get("/metrics").text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_the_canary_answers_its_part_and_each_answer_names_who_gave_it(serving, versions):
    client, state = serving(find=versions(), canary=30.0)
    rows = raw_rows(200)
    found = client.post(PATH, json={"rows": rows, "explain": "never"}).json()
    by = found["versions"]
    assert found["version"] == "1"
    assert set(by) == {"1", "2"}
    assert by.count("2") == pytest.approx(0.3 * len(rows), abs=30)
    assert {row["decision"] for row, one in zip(found["rows"], by, strict=True) if one == "2"} == {"decline"}
    assert {row["decision"] for row, one in zip(found["rows"], by, strict=True) if one == "1"} == {"approve", "decline"}
    for place in (by.index("1"), by.index("2")):  # alone as among others, and whatever its columns' order
        alone = client.post(PATH, json={"rows": [dict(reversed(rows[place].items()))]}).json()
        assert (alone["version"], "versions" in alone) == (by[place], False)
    lines = client.post(
        PATH, content="\n".join(map(json.dumps, rows)), headers={"content-type": "application/x-ndjson"}
    )
    assert [json.loads(line)["version"] for line in lines.text.splitlines()] == by
    told = client.post("/invocations", json={"dataframe_records": rows[:20]}).headers["x-casebook-version"]
    assert told.split(", ") == list(dict.fromkeys(by[:20]))
    state.keeper.stop()
    counted = figures(client)
    assert counted[f'casebook_rows_total{{case="{CASE}",version="2"}}'] >= 2 * by.count("2")
    files = log_folder(state.asked.jobs[0].paths.root, CASE).joinpath("canary").glob("*.parquet")
    assert {one for path in files for one in pq.read_table(path).column("casebook.version").to_pylist()} == {"2"}


def test_a_request_id_keeps_all_rows_of_a_request_with_one_version(serving, versions):
    client, _ = serving(find=versions(), canary=50.0)
    rows = raw_rows(20)
    found = [client.post(PATH, json={"rows": rows, "request_id": f"r{turn}"}).json() for turn in range(12)]
    assert not any("versions" in one for one in found)
    assert {one["version"] for one in found} == {"1", "2"}
    again = [client.post(PATH, json={"rows": rows[:1], "request_id": f"r{turn}"}).json() for turn in range(12)]
    assert [one["version"] for one in again] == [one["version"] for one in found]


def test_a_key_is_the_cases_columns_before_all_else(fitted: Fitted):
    model = open_model(fitted.job, Served("1", fitted.bundle, is_champion=True))
    model.service.key = ["id", "day"]  # type: ignore[attr-defined] # of a table
    keys = [key_of(model, {"id": one, "day": "x", "Age": age}, "r") for one, age in ((7, 1), (7.0, 2), (" 7", 3))]
    assert len(set(keys)) == 1
    assert keys[0] != key_of(model, {"id": 8, "day": "x"}, "r")
    assert key_of(model, {"id": None, "day": "x"}, "r") == "r"
    assert key_of(model, {"b": 1, "a": 2}, None) == key_of(model, {"a": 2, "b": 1}, None)


def test_what_the_canary_fails_at_the_champion_answers(serving, versions, monkeypatch):
    client, state = serving(find=versions(), canary=99.99)
    service = state.canaries[CASE].beside.model.service
    monkeypatch.setattr(service, "answer", lambda *_: 1 / 0)
    found = client.post(PATH, json={"rows": raw_rows(5)})
    assert (found.status_code, found.json()["version"]) == (200, "1")
    monkeypatch.undo()
    monkeypatch.setattr(service, "check", lambda _: ["a column of its own"])
    assert client.post(PATH, json={"rows": raw_rows(5)}).json()["version"] == "1"
    monkeypatch.undo()
    counted = figures(client)
    assert counted[f'casebook_canary_fallbacks_total{{case="{CASE}",why="failed"}}'] == 5
    assert counted[f'casebook_canary_fallbacks_total{{case="{CASE}",why="refused"}}'] == 5


def test_rows_that_depend_on_each_other_are_answered_by_one_version(serving, versions):
    _, state = serving(find=versions(), canary=50.0)
    context = Options("never", more={"context": Together()})

    async def ask(rows: list[dict]) -> set[str | None]:
        found = await state.canaries[CASE].answer(state.batcher, state.model(CASE), rows, context, None)
        return {one.version for one in found}

    rows = raw_rows(20)
    found = [asyncio.run(ask(rows[start:])) for start in range(12)]
    assert all(len(one) == 1 for one in found)
    assert set.union(*found) == {None, "2"}


def test_a_canary_follows_its_alias_and_a_broken_one_answers_nothing(serving, versions):
    found = versions()
    client, _ = serving(find=found, canary=99.99, look_every=0.05)
    ask = lambda: client.post(PATH, json={"rows": raw_rows(1)}).json()["version"]  # noqa: E731
    trouble, stands = (f'casebook_beside_{what}{{case="{CASE}",role="canary"}}' for what in ("trouble", "version"))
    assert ask() == "2"
    found.aliases["candidate"] = "3"
    until(lambda: figures(client)[trouble] == 1, "the trouble of a candidate that does not open")
    assert ask() == "2"  # the one before it goes on
    found.aliases["candidate"] = "2"
    until(lambda: figures(client)[trouble] == 0, "the end of it")
    found.aliases["champion"] = "2"  # it is promoted
    until(lambda: figures(client)[stands] == 0, "no canary")
    assert ask() == "2"
    found.aliases |= {"champion": "1", "candidate": "1"}
    until(lambda: ask() == "1", "the champion alone")


def test_a_shadow_answers_unseen_and_its_difference_is_told_and_logged(serving, versions):
    client, state = serving(find=versions(), shadow="2")
    folder = log_folder(state.asked.jobs[0].paths.root, CASE)
    before = set(folder.joinpath("shadow").glob("*.parquet"))  # of another test
    until(lambda: figures(client).get(f'casebook_beside_version{{case="{CASE}",role="shadow"}}') == 2, "a shadow")
    rows = raw_rows(40)
    found = client.post(PATH, json={"rows": rows}).json()
    assert (found["version"], "versions" in found) == ("1", False)
    approved = [row["decision"] for row in found["rows"]].count("approve")
    assert 0 < approved < 40
    client.post(PATH, json={"rows": rows[:3], "log": False})
    counted = lambda outcome: figures(client).get(  # noqa: E731
        f'casebook_shadow_rows_total{{case="{CASE}",outcome="{outcome}",version="2"}}', 0
    )
    until(lambda: counted("same") + counted("other") == 43, "what the shadow says")
    assert counted("other") >= approved
    assert figures(client)[f'casebook_shadow_difference_bucket{{case="{CASE}",le="1e-09"}}'] == 43  # the same graph
    state.keeper.stop()
    made = set(folder.joinpath("shadow").glob("*.parquet")) - before
    table = pd.concat([pq.read_table(path).to_pandas() for path in made])
    assert len(table) == 40
    assert set(table["casebook.version"]) == {"2"}
    assert set(table["casebook.said.champion"]) == {"1"}
    assert (table["casebook.said.outcome"] == "other").sum() == approved
    np.testing.assert_allclose(table["casebook.said.shadow.score"], table["casebook.said.champion.score"], atol=1e-9)
    newest = sorted(folder.glob("*.parquet"))[-1]  # the champion's own log has none of it
    assert set(pq.read_table(newest).column("casebook.version").to_pylist()) == {"1"}


@pytest.mark.slow  # it opens a bundle in two more processes
def test_what_the_shadow_has_no_room_for_is_left_out_and_its_death_costs_nothing(serving, versions, monkeypatch):
    monkeypatch.setattr(shadows, "RESTED", 0.1)
    found = versions()
    client, _ = serving(find=found, shadow="candidate", look_every=0.05)
    stands = f'casebook_beside_version{{case="{CASE}",role="shadow"}}'
    until(lambda: figures(client).get(stands) == 2, "a shadow")
    monkeypatch.setattr(shadows, "ROOM", 1)
    (process,) = [one for one in active_children() if one.name == shadows.SHADOW]
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)  # one request is on its way to it, the next one waits
    assert [client.post(PATH, json={"rows": raw_rows(2)}).status_code for _ in range(4)] == [200] * 4
    assert figures(client)[f'casebook_shadow_dropped_rows_total{{case="{CASE}"}}'] in (4, 6)
    process.kill()
    until(lambda: figures(client)[stands] == 0, "the death of the shadow")
    assert client.post(PATH, json={"rows": raw_rows(1)}).status_code == 200
    until(lambda: figures(client)[stands] == 2, "another shadow")


def test_the_difference_of_two_answers_by_hand():
    one = Answered({"score": 0.3, "decision": "approve", "reasons": []}, (), {"score": 0.3})
    same = difference(one, {"score": 0.5, "decision": "approve", "reasons": [1]}, {"score": 0.5})
    assert (same.outcome, same.difference) == (SAME, pytest.approx(0.2))
    assert difference(one, {"score": 0.5, "decision": "decline"}, {"score": 0.5}).outcome == OTHER
    assert difference(Answered(None, ["wrong"]), {}, {}).outcome == REFUSED  # type: ignore[list-item] # of any kind
    boxes = Answered({"boxes": [{"class": "RBC", "box": [1.5, 2.0]}]})
    assert difference(boxes, {"boxes": [{"class": "RBC", "box": [1.7, 2.2]}]}, {}).outcome == SAME
    assert difference(boxes, {"boxes": []}, {}).outcome == OTHER
    nothing = difference(Answered({}, (), {"score": float("nan")}), {}, {"score": 0.5})  # of which nobody keeps a score
    assert (nothing.outcome, nothing.difference) == (SAME, None)
