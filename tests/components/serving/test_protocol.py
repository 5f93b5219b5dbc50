"""Clients of others, unchanged: Triton's of the Open Inference Protocol v2, and MLflow's of `/invocations`."""

import json
import struct

import numpy as np
import pandas as pd
import pytest
from mlflow.pyfunc.scoring_server.client import ScoringServerClient
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from components.recipes.binary.serving.predictor import open_predictor
from components.serving.problems import Problem
from components.serving.tensors import columns_of, tensor
from tests.components.serving.test_app import CASE, PATH, raw_rows
from tests.toy.jobs import TOY

INFER = f"/v2/models/{CASE}/infer"


def place_of(client) -> str:
    return f"{client.base_url.host}:{client.base_url.port}"


@pytest.fixture
def triton(client):
    found = InferenceServerClient(place_of(client))
    yield found
    found.close()


def inputs_of(rows: list[dict], *, binary: bool = True, small: str = "FP64") -> list[InferInput]:
    """A tensor (N, 1) for each column: numbers as they are, texts as bytes."""
    found = []
    for name in rows[0]:
        cells = np.array([row[name] for row in rows])[:, None]
        cells = cells.astype(object) if cells.dtype.kind == "U" else cells.astype({"FP64": float, "FP32": "f4"}[small])
        one = InferInput(name, list(cells.shape), np_to_triton_dtype(cells.dtype))
        found.append(one.set_data_from_numpy(cells, binary_data=binary))
    return found


def test_tritons_client_learns_what_is_served(triton):
    assert triton.is_server_live()
    assert triton.is_server_ready()
    assert triton.is_model_ready(CASE)
    assert triton.is_model_ready(CASE, "1")
    assert not triton.is_model_ready(CASE, "7")
    assert not triton.is_model_ready("nobody")
    assert "binary_tensor_data" in triton.get_server_metadata()["extensions"]
    assert triton.get_model_repository_index() == [{"name": CASE, "version": "1", "state": "READY"}]
    about = triton.get_model_metadata(CASE, "1")
    assert {"name": "Age", "datatype": "FP64", "shape": [-1]} in about["inputs"]
    assert {"name": "Home", "datatype": "BYTES", "shape": [-1]} in about["inputs"]
    outputs = {one["name"]: one["datatype"] for one in about["outputs"]}
    assert outputs == {"score": "FP64", "decision": "BYTES", "reasons": "BYTES", "warnings": "BYTES"}


@pytest.mark.parametrize("binary", [True, False])
def test_tritons_client_is_answered_what_everybody_is(client, triton, binary):
    rows = [row for row in raw_rows(60) if all(cell is not None and cell == cell for cell in row.values())][:20]
    wanted = client.post(PATH, json={"rows": rows, "explain": "always"}).json()["rows"]
    found = triton.infer(
        CASE, inputs_of(rows, binary=binary), request_id="q7", sequence_id=3, parameters={"explain": "always"}
    )
    told = found.get_response()
    assert (told["id"], told["model_name"], told["model_version"]) == ("q7", CASE, "1")
    np.testing.assert_allclose(found.as_numpy("score"), [row["score"] for row in wanted], rtol=0, atol=1e-9)
    assert [text.decode() for text in found.as_numpy("decision")] == [row["decision"] for row in wanted]
    columns = [row["reasons"][0]["column"] for row in wanted if row["reasons"]]
    reasons = [json.loads(text) for text in found.as_numpy("reasons")]
    assert [row[0].split(" = ")[0] for row in reasons if row] == columns
    score = InferRequestedOutput("score", binary_data=binary)
    alone = triton.infer(CASE, inputs_of(rows, binary=binary, small="FP32"), outputs=[score])
    assert [one["name"] for one in alone.get_response()["outputs"]] == ["score"]
    np.testing.assert_allclose(alone.as_numpy("score"), found.as_numpy("score"), rtol=0, atol=1e-9)


def test_tritons_client_is_told_what_is_wrong(triton):
    rows = raw_rows(3)
    with pytest.raises(InferenceServerException, match="no case 'nobody'"):
        triton.infer("nobody", inputs_of(rows))
    with pytest.raises(InferenceServerException, match="outputs that there are not"):
        triton.infer(CASE, inputs_of(rows), outputs=[InferRequestedOutput("answer")])
    with pytest.raises(InferenceServerException, match="3 thing"):
        triton.infer(CASE, [one for one in inputs_of(rows) if one.name() != "Age"])
    with pytest.raises(InferenceServerException, match="content encoding 'gzip'"):
        triton.infer(CASE, inputs_of(rows), request_compression_algorithm="gzip")


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b'{"inputs": 3}', {}, 422),
        (b'{"inputs": [{"name": "Age", "shape": [2], "datatype": "FP64", "data": [1]}]}', {}, 422),
        (b'{"inputs": [{"name": "Age", "shape": [1], "datatype": "FP64", "data": [1]}] * 2}', {}, 400),
        (b'{"inputs": [{"name": "Age", "datatype": "FP64", "parameters": {"binary_data_size": -8}}]}', {}, 422),
        (b'{"inputs": [{"name": "Age", "datatype": "FP64", "parameters": {"binary_data_size": 8}}]}', {}, 422),
        (b'{"inputs": [{"name": "Age", "datatype": "X", "parameters": {"binary_data_size": 0}}]}', {}, 422),
        (b"{}", {"inference-header-content-length": "7"}, 400),
        (b"{}", {"inference-header-content-length": "two"}, 400),
        (b"{}1234", {"inference-header-content-length": "2"}, 422),
        (b'{"inputs": [], "outputs": [3]}', {}, 422),
        (b'{"inputs": [{"name": "Age", "data": [1]}], "parameters": 3}', {}, 422),
        (b"{}", {"content-type": "application/x-protobuf"}, 415),
    ],
)
def test_tensors_that_are_none_are_told(client, body, headers, status):
    found = client.post(INFER, content=body, headers={"content-type": "application/json", **headers})
    assert found.status_code == status, found.text
    assert set(found.json()) == {"error", "detail"}


def test_tensors_are_read_as_they_are_written():
    texts, part = tensor("x", "BYTES", ["a", None, "北京", ["b"]], binary=True)
    numbers, more = tensor("y", "FP64", [1.5, None, 3, 4], binary=True)
    assert columns_of([texts, numbers], part + more) == {"x": ["a", "", "北京", '["b"]'], "y": [1.5, None, 3.0, 4.0]}
    small = {"name": "z", "datatype": "FP32", "shape": [1, 1], "parameters": {"binary_data_size": 4}}
    assert columns_of([small], np.float32(0.1).tobytes()) == {"z": [0.1]}  # and not .10000000149
    picture = struct.pack("<I", 2) + b"\xff\xd8"
    assert columns_of([{**small, "datatype": "BYTES", "parameters": {"binary_data_size": 6}}], picture) == {
        "z": ["/9g="]
    }
    with pytest.raises(Problem, match="goes beyond its tensor"):
        columns_of([{**small, "datatype": "BYTES"}], struct.pack("<I", 2))


def test_mlflows_client_is_answered_as_by_mlflows_server(client, fitted):
    """All forms of its requests, and the columns of `predict` with reasons as texts."""
    host, port = place_of(client).split(":")
    mlflow = ScoringServerClient(host, port)
    mlflow.ping()
    assert mlflow.get_version().startswith("2")
    frame = pd.read_csv(TOY / CASE / "rows.csv", nrows=40)
    wanted = open_predictor(fitted.bundle).predict(frame, accept_strange=True)
    assert sum(map(len, wanted["reasons"])) > 0
    found = mlflow.invoke(frame, params={"accept_strange": True}).get_predictions()
    pd.testing.assert_frame_equal(found, wanted, rtol=0, atol=1e-9, check_dtype=False)
    records = frame.astype(object).where(frame.notna(), None)
    bodies = (
        {"dataframe_records": records.to_dict("records")},
        {"dataframe_split": records.to_dict("split")},  # with an index
        {"instances": records.to_dict("records")},
        {"inputs": records.to_dict("list")},
        {"inputs": {name: [[cell] for cell in cells] for name, cells in records.to_dict("list").items()}},
    )
    answers = [client.post("/invocations", json={**body, "params": {"accept_strange": True}}).json() for body in bodies]
    text = client.post(
        f"/v1/{CASE}/invocations",
        content=frame.to_csv(index=False),
        headers={"content-type": "text/csv; charset=utf-8"},
    )
    for one in (*answers, text.json()):
        assert one == answers[0]
    np.testing.assert_allclose([row["score"] for row in answers[0]["predictions"]], wanted["score"], rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"rows": []}, []),
        ({"inputs": [], "instances": []}, []),
        ({"dataframe_records": {}}, ["dataframe_records"]),
        ({"dataframe_split": []}, ["dataframe_split"]),
        ({"dataframe_split": {"columns": ["a", "a"], "data": []}}, ["dataframe_split", "columns"]),
        ({"dataframe_split": {"columns": ["a"], "data": 3}}, ["dataframe_split", "data"]),
        ({"dataframe_split": {"columns": ["a"], "data": [[1], [1, 2]]}}, ["dataframe_split", "data", 1]),
        ({"inputs": {"a": [1], "b": [1, 2]}}, ["inputs"]),
        ({"inputs": {"a": "x"}}, ["inputs"]),
        ({"inputs": [], "params": 3}, ["params"]),
        ({"inputs": [], "params": {"top": 3}}, ["top"]),
    ],
)
def test_frames_that_are_none_are_told(client, body, loc):
    found = client.post("/invocations", json=body)
    assert found.status_code == 422, found.text
    assert found.json()["detail"][0]["loc"] == loc
