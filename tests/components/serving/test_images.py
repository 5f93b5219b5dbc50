"""Images over HTTP: as base64 and as files of a form, answered as JSON and as a picture."""

import base64
import io
import json
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from components.core.job import AnyJob
from components.core.params.monitor import PredictionLog
from components.monitoring.log import logged
from components.registry.finding import Served
from components.serving import kept
from components.serving.state import Serving, State
from tests.components.recipes.detection.images import encoded, png_of_size
from tests.components.recipes.detection.serving.tiny import make, picture
from tests.components.serving.served import listening
from tests.toy.jobs import CHECKOUT, toy_job

CASE = "medical_cells"
PATH = f"/v1/{CASE}/predict"
LOG = PredictionLog(enabled=True, rows=1000, megabytes=10, days=90)
CELLS = encoded((picture(96, 64, (20, 12), (60, 36))[..., 0] * 255).astype(np.uint8))
NONE = encoded(np.zeros((40, 40), np.uint8))
ROW = {"image": base64.b64encode(CELLS).decode(), "name": "cells.png"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, State, AnyJob]]:
    root = tmp_path_factory.mktemp("images")
    job = toy_job(CASE, root)
    make(root / "bundle")
    state = open_state(job, root / "bundle")
    with listening(state) as client:
        yield client, state, job


def open_state(job: AnyJob, bundle: Path) -> State:
    asked = Serving(
        jobs=[job], version=None, explain="declined", strict=False, token=None, logs={CASE: LOG}, look_every=3600.0
    )
    return State(asked, lambda *_: Served("1", bundle, is_champion=True))


@pytest.fixture
def client(served) -> httpx.Client:
    return served[0]


def test_base64_and_files_of_a_form_are_answered_alike(client):
    files = [("image", ("细胞.png", CELLS)), ("image", ("none.png", NONE)), ("more", ("again.png", CELLS))]
    found = client.post(PATH, files=files, data={"request_id": "7", "threshold": "0.9"}).json()
    assert (found["case"], found["version"], found["request_id"]) == (CASE, "1", "7")
    assert [(one["image"], one["count"]) for one in found["rows"]] == [
        ("细胞.png", 2),
        ("none.png", 0),
        ("again.png", 2),
    ]
    (one,) = client.post(PATH, json={"rows": [ROW], "threshold": 0.9, "channel": None, "draw": None}).json()["rows"]
    assert one == {**found["rows"][0], "image": "cells.png"}
    assert one["annotations"][0]["bbox"] == [20.0, 12.0, 16.0, 16.0]
    assert "drawn" not in one


def test_a_picture_is_drawn_into_json_or_answered_alone(client):
    (one,) = client.post(PATH, files={"image": ("a.png", CELLS)}, data={"draw": "true"}).json()["rows"]
    accept = {"accept": "image/png, */*;q=0.1"}
    alone = client.post(PATH, files={"image": ("a.png", CELLS)}, data={"request_id": "é\n"}, headers=accept)
    assert (alone.status_code, alone.headers["content-type"]) == (200, "image/png")
    assert alone.content == base64.b64decode(one["drawn"])
    assert Image.open(io.BytesIO(alone.content)).getpixel((20, 12)) == (255, 80, 80)
    said = {name: value for name, value in alone.headers.items() if name.startswith("x-")}
    assert said == {
        "x-casebook-case": CASE, "x-casebook-version": "1", "x-casebook-count": "2", "x-request-id": "%C3%A9%0A"
    }  # fmt: skip
    assert client.post(PATH, json={"rows": [ROW]}, headers=accept).content == alone.content
    several = client.post(PATH, json={"rows": [ROW, ROW]}, headers=accept)
    assert (several.status_code, several.json()["detail"][0]["loc"]) == (422, ["rows"])
    assert client.post(PATH, json=[], headers=accept).status_code == 422
    assert client.post(PATH, json={"rows": [{"image": "§"}]}, headers=accept).status_code == 422


def test_the_commands_of_the_docs_are_answered(client, tmp_path):
    lines = (CHECKOUT / "docs" / "serving.md").read_text(encoding="utf-8").splitlines()
    (tmp_path / "cells.png").write_bytes(CELLS)
    (tmp_path / "more.tif").write_bytes(NONE)
    several, alone = (shlex.split(line) for line in lines if line.startswith("curl") and CASE in line)
    for words in (several, alone):
        words[2] = words[2].replace("localhost:8000", f"127.0.0.1:{client.base_url.port}")
    done = subprocess.run(several, cwd=tmp_path, capture_output=True, check=True)
    assert [one["count"] for one in json.loads(done.stdout)["rows"]] == [2, 0]
    subprocess.run(alone, cwd=tmp_path, check=True)
    assert Image.open(tmp_path / "drawn.png").size == (96, 64)


FORM = {"content-type": "multipart/form-data; boundary=x"}


@pytest.mark.parametrize(
    ("sent", "status", "loc"),
    [
        ({"files": {"image": ("a.png", b"none")}}, 422, ["rows", 0, "pixels"]),
        ({"files": {"image": ("a.png", png_of_size(30_000, 30_000))}}, 422, ["rows", 0, "pixels"]),
        ({"files": {"image": ("a.png", CELLS)}, "data": {"top": "3"}}, 422, ["top"]),
        ({"files": {"image": ("a.png", CELLS)}, "data": {"threshold": "much"}}, 422, ["threshold"]),
        ({"json": {"rows": [ROW], "pixel_size": 1e200}}, 422, ["pixel_size"]),
        ({"files": {"image": ("a" * 300, CELLS)}}, 422, ["rows", 0, "image"]),
        ({"files": {"image": (None, "no file")}}, 422, ["rows"]),
        ({"content": b"--x--\r\n", "headers": FORM}, 422, ["rows"]),
        ({"content": b"none", "headers": FORM}, 400, None),
        ({"content": b"", "headers": {"content-type": "multipart/form-data"}}, 400, None),
        ({"content": b"image\n", "headers": {"content-type": "text/csv"}}, 415, None),
        ({"content": CELLS, "headers": {"content-type": "image/png"}}, 415, None),
        ({"files": [("image", ("a.png", b""))] * 1001}, 413, None),
        ({"json": {"rows": [{"image": "a", "name": 3}]}}, 422, ["rows", 0, "name"]),
    ],
)
def test_what_is_wrong_is_told_where(client, sent, status, loc):
    found = client.post(PATH, **sent)
    assert found.status_code == status, found.text
    assert [one["loc"] for one in found.json()["detail"][:1]] == ([] if loc is None else [loc])
    assert len(found.text) < 1000


def test_a_broken_file_is_named(client):
    files = [("image", ("good.png", CELLS)), ("image", ("broken.png", CELLS[:50]))]
    (detail,) = client.post(PATH, files=files).json()["detail"]
    assert detail["loc"] == ["rows", 1, "pixels"]
    assert detail["given"] == "broken.png"
    assert detail["msg"].startswith("broken.png: damaged image")


def test_bodies_of_images_may_be_longer_than_others_but_not_endless(served, monkeypatch):
    client, state, _ = served
    assert state.limits[CASE] == 32 * 2**20
    noise = np.random.default_rng(0).integers(0, 255, (1200, 1200), np.uint8)
    assert client.post(PATH, files={"image": ("large.png", encoded(noise))}).status_code == 200
    monkeypatch.setitem(state.limits, CASE, 1000)
    assert client.post(PATH, files={"image": ("large.png", encoded(noise))}).status_code == 413
    parts = (b"--x\r\n" if number == 0 else b"a" * 100 for number in range(20))
    assert client.post(PATH, content=parts, headers=FORM).status_code == 413


def test_lines_of_json_and_other_clients_forms_are_answered_the_same(client):
    lines = "\n".join([json.dumps(ROW)] * 3 + ['{"image": "§"}'])
    found = client.post(PATH, content=lines, headers={"content-type": "application/x-ndjson"}).text.splitlines()
    assert [json.loads(line).get("count") for line in found] == [2, 2, 2, None]
    frame = {"columns": ["image", "pixels"], "data": [["cells.png", ROW["image"]]]}
    (one,) = client.post("/invocations", json={"dataframe_split": frame}).json()["predictions"]
    assert sorted(one) == ["count", "detections", "image", "score", "warnings"]
    assert [box["box"] for box in json.loads(one["detections"])] == [[20.0, 12.0, 36.0, 28.0], [60.0, 36.0, 76.0, 52.0]]
    tensor = {"name": "image", "shape": [1], "datatype": "BYTES", "data": [ROW["image"]]}
    outputs = client.post(f"/v2/models/{CASE}/infer", json={"inputs": [tensor]}).json()["outputs"]
    assert {one["name"]: one["data"] for one in outputs}["count"] == [2.0]


def test_images_are_logged_as_files_and_no_more_of_them_than_there_is_room_for(tmp_path, monkeypatch):
    job = toy_job(CASE, tmp_path)
    make(tmp_path / "bundle")
    monkeypatch.setattr(kept, "ROOM_FOR_FILES", int(2.5 * len(CELLS)))
    state = open_state(job, tmp_path / "bundle")
    with listening(state) as client:
        client.post(PATH, json={"rows": [ROW], "log": False})
        client.post(PATH, json={"rows": [ROW], "channel": 1})
        for _ in range(3):
            client.post(PATH, files={"image": ("cells.png", CELLS)})
        assert f'casebook_log_dropped_rows_total{{case="{CASE}"}} 1.0' in client.get("/metrics").text
    (rows,) = logged(job.paths.root, CASE, days=1)
    assert rows["image"].tolist() == ["cells.png"] * 2
    assert rows["pixels"].tolist() == [CELLS] * 2
