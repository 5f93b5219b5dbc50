"""Rows over HTTP: what is answered, and each way in which a request can be wrong."""

import inspect
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from components.core.job import Paths
from components.kits.tables.encoding.cells import columns_of_rows
from components.recipes.binary.serving.predictor import open_predictor
from components.serving import batches, bodies
from components.serving.models import LOOKED_EVERY
from pipelines.commands.serving import serve
from tests.components.serving.served import served
from tests.toy.jobs import TOY

CASE = "finance_risk"
PATH = f"/v1/{CASE}/predict"
SECRET = "a secret of ours"  # noqa: S105 - of these tests


def raw_rows(rows: int | None = None) -> list[dict]:
    """Raw toy rows as JSON has them."""
    frame = pd.read_csv(next((TOY / CASE).glob("rows.csv")), nrows=rows)
    return json.loads(frame.to_json(orient="records"))


def test_answers_are_those_of_the_command_line_to_the_last_digit_reasons_included(client, fitted):
    rows = raw_rows(300)
    found = client.post(PATH, json={"rows": rows}).json()
    assert (found["case"], found["version"], len(found["rows"])) == (CASE, "1", 300)
    wanted = open_predictor(fitted.bundle).answers_to(columns_of_rows(rows), accept_strange=True)
    np.testing.assert_allclose([row["score"] for row in found["rows"]], wanted["score"], rtol=0, atol=1e-9)
    assert [row["decision"] for row in found["rows"]] == list(wanted["decision"])
    assert [row["warnings"] for row in found["rows"]] == wanted["warnings"]
    texts = [[text.split(" = ")[0].removesuffix(" is missing") for text in row] for row in wanted["reasons"]]
    assert [[one["column"] for one in row["reasons"]] for row in found["rows"]] == texts
    assert any(texts)


def test_who_is_explained_is_asked_for(client):
    rows = raw_rows(60)
    reasons = {
        explain: [row["reasons"] for row in client.post(PATH, json={"rows": rows, "explain": explain}).json()["rows"]]
        for explain in ("always", "declined", "never")
    }
    decisions = [row["decision"] for row in client.post(PATH, json={"rows": rows}).json()["rows"]]
    assert not any(reasons["never"])
    assert {decision for decision, found in zip(decisions, reasons["declined"], strict=True) if found} == {"decline"}
    assert sum(map(bool, reasons["always"])) > sum(map(bool, reasons["declined"])) > 0
    adds = [one["adds"] for found in reasons["always"] for one in found]
    assert adds
    assert min(adds) > 0


def test_an_answer_names_its_request(client, example):
    found = client.post(PATH, json={"rows": [example], "request_id": "a-7"}).json()
    assert found["request_id"] == "a-7"


@pytest.mark.parametrize(
    ("body", "status", "loc"),
    [
        (b"{", 400, None),
        (b"[]", 422, []),
        (b'{"rows": 3}', 422, ["rows"]),
        (b'{"rows": [3]}', 422, ["rows", 0]),
        (b'{"rows": [{}]}', 422, ["rows", 0, "Age"]),
        (b'{"rows": [], "explain": "often"}', 422, ["explain"]),
        (b'{"rows": [], "strict": 1}', 422, ["strict"]),
        (b'{"rows": [], "request_id": 7}', 422, ["request_id"]),
        (b'{"rows": [], "top": 7}', 422, ["top"]),
    ],
)
def test_a_request_of_a_wrong_form_is_told_where(client, body, status, loc):
    found = client.post(PATH, content=body, headers={"content-type": "application/json"})
    assert found.status_code == status
    content = found.json()
    assert content["error"]
    assert [one["loc"] for one in content["detail"][:1]] == ([] if loc is None else [loc])


@pytest.mark.parametrize(
    ("column", "given", "lenient", "strict", "said"),
    [
        ("Age", "old", 422, 422, "is no value of a numeric column"),
        ("Age", [1], 422, 422, "is no text, number, truth or null"),
        ("Age", -5, 200, 422, "is below"),
        ("Income", 1e9, 200, 422, "is beyond training's"),
        ("Age", 1e300, 422, 422, "is no value of a numeric column"),  # beyond what a network counts with
        ("Home", "castle", 200, 422, "is"),
        ("Colour", "red", 422, 422, "is no column of the model"),
        ("Age", None, 200, 200, ""),
    ],
)
def test_strange_cells_are_refused_or_told(client, example, column, given, lenient, strict, said):
    row = {**example, column: given}
    for mode, status in ((False, lenient), (True, strict)):
        found = client.post(PATH, json={"rows": [example, row], "strict": mode})
        assert found.status_code == status, found.json()
        if status == 422:
            (detail,) = found.json()["detail"]
            assert detail["loc"] == ["rows", 1, column]
            assert said in detail["msg"]
        elif said:
            assert found.json()["rows"][1]["warnings"]
            assert not found.json()["rows"][0]["warnings"]


def test_no_more_than_twenty_details_and_never_a_whole_cell(client, example):
    found = client.post(PATH, json={"rows": [{**example, "Age": "x" * 500}] * 30}).json()
    assert len(found["detail"]) == 20
    assert found["error"].startswith("30 thing(s)")
    assert len(found["detail"][0]["given"]) < 70


def test_bodies_that_are_too_long_or_of_another_type_are_refused(serving, example):
    client, state = serving()
    most = client.post(PATH, json={"rows": [example] * 1000, "explain": "never", "log": False})
    assert (most.status_code, len(most.json()["rows"])) == (200, 1000)
    assert client.post(PATH, json={"rows": [example] * 1001}).status_code == 413
    assert client.post(PATH, content=b" " * (state.limits[CASE] + 1)).status_code == 413
    chunks = (b" " * 2**18 for _ in range(6))
    assert client.post(PATH, content=chunks).status_code == 413
    assert client.post(PATH, content=b"<rows/>", headers={"content-type": "text/xml"}).status_code == 415
    assert client.post(PATH, content=json.dumps({"rows": [example]}).encode()).status_code == 200  # no type is said


def test_paths_that_there_are_not(client):
    assert client.post("/v1/nobody/predict", json={"rows": []}).status_code == 404
    assert "finance_risk" in client.post("/v1/nobody/predict", json={"rows": []}).json()["error"]
    assert client.get("/v1/nobody/schema").status_code == 404


def test_a_token_is_asked_for_everywhere_but_by_probes(serving, example):
    client, _ = serving(token=SECRET)
    found = client.post(PATH, json={"rows": [example]})
    assert (found.status_code, found.headers["www-authenticate"]) == (401, "Bearer")
    assert found.json()["error"]
    wrong = {"authorization": "Bearer a secret of yours"}
    assert client.post(PATH, json={"rows": [example]}, headers=wrong).status_code == 401
    right = {"authorization": f"bearer {SECRET}"}
    assert client.post(PATH, json={"rows": [example]}, headers=right).status_code == 200
    assert client.get("/v2/health/ready").status_code == 200
    assert client.get("/metrics").status_code == 200
    assert client.get(f"/v1/{CASE}/schema").status_code == 401


def test_who_comes_where_too_many_wait_is_sent_away(serving, example, monkeypatch):
    client, _ = serving()
    monkeypatch.setattr(batches, "MOST_WAITING", 0)
    found = client.post(PATH, json={"rows": [example]})
    assert (found.status_code, found.headers["retry-after"]) == (429, "1")


def test_a_server_that_is_not_ready_or_ends_says_so(serving, example):
    client, state = serving()
    state.draining = True
    assert client.get("/v2/health/ready").status_code == 503
    found = client.post(PATH, json={"rows": [example]})
    assert (found.status_code, found.headers["connection"]) == (200, "close")
    state.ready = False
    assert client.post(PATH, json={"rows": [example]}).status_code == 503
    state.ready = True


def test_the_schema_tells_columns_kinds_ranges_classes_and_an_example(client):
    row = client.get(f"/v1/{CASE}/schema").json()["row"]
    assert row["properties"]["Age"]["type"] == ["number", "null"]
    assert (row["properties"]["Age"]["minimum"], row["properties"]["Age"]["maximum"]) == (18, 110)
    assert "owner" in row["properties"]["Home"]["enum"]
    assert set(row["required"]) == set(row["properties"])
    assert client.post(PATH, json={"rows": row["examples"]}).json()["rows"][0]["warnings"] == []


def test_many_rows_are_streamed_as_lines_of_json_and_as_csv(client):
    rows = raw_rows(300) * 5
    one_by_one = [row["score"] for row in client.post(PATH, json={"rows": rows[:300]}).json()["rows"]] * 5
    broken = [*map(json.dumps, rows), "{", json.dumps({**rows[0], "Age": "old"})]
    lines = client.post(PATH, content="\n".join(broken), headers={"content-type": "application/x-ndjson"})
    found = [json.loads(line) for line in lines.text.splitlines()]
    np.testing.assert_allclose([row["score"] for row in found[:-2]], one_by_one, rtol=0, atol=1e-9)
    assert "no JSON" in found[-2]["detail"][0]["msg"]
    assert found[-1]["detail"][0]["loc"] == ["Age"]
    text = pd.DataFrame(rows).to_csv(index=False)
    answer = client.post(PATH, content=text, headers={"content-type": "text/csv"})
    header, first, *rest = answer.text.splitlines()
    assert header.split(",")[-5:] == ["score", "decision", "reasons", "warnings", "error"]
    assert len(rest) == len(rows) - 1
    place = header.split(",").index("score")
    assert float(first.split(",")[place]) == pytest.approx(one_by_one[0], abs=1e-9)


def test_the_open_inference_protocol_and_mlflows_form_answer_the_same(client):
    rows = raw_rows(3)
    score = [row["score"] for row in client.post(PATH, json={"rows": rows}).json()["rows"]]
    names = list(rows[0])
    tensors = [{"name": name, "shape": [3], "datatype": "BYTES", "data": [row[name] for row in rows]} for name in names]
    about = client.get(f"/v2/models/{CASE}").json()
    assert {"name": "Age", "datatype": "FP64", "shape": [-1]} in about["inputs"]
    found = client.post(f"/v2/models/{CASE}/infer", json={"id": "7", "inputs": tensors}).json()
    assert (found["id"], found["model_version"]) == ("7", "1")
    (scores,) = (one for one in found["outputs"] if one["name"] == "score")
    assert (scores["datatype"], scores["shape"]) == ("FP64", [3])
    assert scores["data"] == score
    split = {"dataframe_split": {"columns": names, "data": [list(row.values()) for row in rows]}}
    for body in ({"dataframe_records": rows}, split, {"inputs": rows}):
        assert [row["score"] for row in client.post("/invocations", json=body).json()["predictions"]] == score
    assert client.post("/invocations", json={"rows": rows}).status_code == 422
    assert client.post(f"/v2/models/{CASE}/infer", json={"inputs": []}).status_code == 422


def test_figures_are_told_to_prometheus(serving, example):
    client, _ = serving()
    client.post(PATH, json={"rows": [example, example]})
    client.post(PATH, json={"rows": [{}]})
    text = client.get("/metrics").text
    assert f'casebook_requests_total{{case="{CASE}",status="200"}} 1.0' in text
    assert f'casebook_requests_total{{case="{CASE}",status="422"}} 1.0' in text
    assert f'casebook_rows_total{{case="{CASE}",version="1"}} 2.0' in text
    assert f'casebook_serving_version{{case="{CASE}"}} 1.0' in text


def test_what_was_asked_is_in_the_log_that_monitoring_reads(fitted, example, tmp_path):
    from components.monitoring.log import logged

    alone = replace(fitted.job, paths=Paths(tmp_path))  # the module's own server writes where the job lies
    with served(alone, fitted.bundle) as (client, state):
        client.post(PATH, json={"rows": [{**example, "Age": 31.5}]})
        client.post(PATH, json={"rows": [example], "log": False})
        state.keeper.stop()
    (frame,) = logged(tmp_path, CASE, days=1)
    assert frame["Age"].tolist() == [31.5]


def test_what_people_are_told_of_time_and_size_is_so():
    assert (batches.PATIENCE, bodies.MOST_ROWS) == (10.0, 1_000)
    assert (LOOKED_EVERY, inspect.signature(serve).parameters["look_every"].default) == (5.0, 5.0)
