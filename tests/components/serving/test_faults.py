"""Bodies that are none, clients that are slow or go, servers that are busy: each ends in one problem, or in nothing."""

import json
import socket
import threading

import httpx
import pytest

from components.serving import batches, bodies
from components.serving.streaming import CHUNK
from tests.components.serving.served import until
from tests.components.serving.test_app import CASE, PATH, raw_rows

NDJSON = {"content-type": "application/x-ndjson"}
CSV = {"content-type": "text/csv"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe", "not valid UTF-8"),
        (b'{"rows": [{"Age": "\xff"}]}', "not valid UTF-8"),
        (b'\xef\xbb\xbf{"rows": []}', "BOM"),
        (b'{"rows": [{"Age": NaN}]}', "no JSON"),
        (b'{"rows": [{"Age": 1e999}]}', "infinity"),
        (b'{"rows": [{"Age": ' + b"9" * 400 + b"}]}", "infinity"),
        (b'{"rows": [{"Age": "\\ud800"}]}', "surrogate"),
        (b'{"rows": ' + b"[" * 5_000 + b"]" * 5_000 + b"}", "depth"),
        (b'{"rows": [{"Age": 30, "Age": 60}]}', "key 'Age' twice"),
        (b'{"rows": [], "rows": []}', "key 'rows' twice"),
        (b'{"rows": [], "rows": ' + b"[" * 1_000 + b"]" * 1_000 + b"}", "the body"),
    ],
)
def test_what_is_no_json_is_told(client, body, said):
    found = client.post(PATH, content=body)
    assert found.status_code == 400
    assert said in found.json()["error"]


def test_colons_within_texts_are_no_keys(client, example):
    assert client.post(PATH, json={"rows": [example], "request_id": "a:b::c"}).status_code == 200


@pytest.mark.parametrize(
    ("cell", "status", "said"),
    [
        ([[[[1]]]], 422, "is no text, number, truth or null"),
        ({"a": {"b": 1}}, 422, "is no text, number, truth or null"),
        (10**30, 200, "is above 110, taken as missing"),
        (-(10**18), 200, "is below 18, taken as missing"),
        ("x\x00y", 422, "is no value"),
        ("\u202e12", 422, "is no value"),
        (True, 422, "is no value"),
        ("1" * 400, 422, "is no value"),
    ],
)
def test_cells_that_nobody_means_are_answered_or_told_at_their_place(client, example, cell, status, said):
    found = client.post(PATH, json={"rows": [{**example, "Age": cell}]})
    assert found.status_code == status, found.text
    if status == 200:
        (warning,) = found.json()["rows"][0]["warnings"]
        assert said in warning
        return
    (detail,) = found.json()["detail"]
    assert detail["loc"] == ["rows", 0, "Age"]
    assert said in detail["msg"]


def test_names_of_keys_are_not_repeated_whole(client, example):
    found = client.post(PATH, json={"rows": [{**example, "x" * 10_000: 1}]})
    assert found.status_code == 422
    assert len(found.content) < 1_000
    assert len(client.get("/v1/" + "x" * 10_000 + "/schema").content) < 1_000


def test_what_curl_sends_without_a_type_is_json(client, example):
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post(PATH, content=json.dumps({"rows": [example]}).encode(), headers=kind).status_code == 200
    found = client.post(PATH, content=b"{}", headers={"content-encoding": "gzip"})
    assert (found.status_code, "gzip" in found.json()["error"]) == (415, True)


def test_keys_of_a_request_may_stand_in_the_query(client, example):
    rows = [json.dumps(row) for row in raw_rows(40)]
    explained = {}
    for explain in ("always", "never"):
        lines = client.post(f"{PATH}?explain={explain}&log=false", content="\n".join(rows), headers=NDJSON).text
        explained[explain] = [bool(json.loads(line)["reasons"]) for line in lines.splitlines()]
    assert any(explained["always"])
    assert not any(explained["never"])
    row = {"rows": [{**example, "Age": -5}]}
    assert client.post(f"{PATH}?strict=true", json=row).status_code == 422
    assert client.post(f"{PATH}?strict=true", json={**row, "strict": False}).status_code == 200
    for query, key in (("explain=often", "explain"), ("colour=red", "colour"), ("log=false&log=true", "log")):
        found = client.post(f"{PATH}?{query}", content=rows[0], headers=NDJSON)
        assert (found.status_code, found.json()["detail"][0]["loc"]) == (422, [key])


def test_a_stream_that_breaks_before_its_first_answer_is_a_problem_and_one_that_breaks_later_ends_with_it(client):
    good = "\n".join(json.dumps(row) for row in raw_rows(1) * (CHUNK + 1))
    broken = client.post(PATH, content=b"\xff\n", headers=NDJSON)
    assert (broken.status_code, broken.json()["error"][:15]) == (400, "the body is not")
    later = client.post(PATH, content=good.encode() + b"\n\xff\n", headers=NDJSON)
    *answers, last = later.text.splitlines()
    assert (later.status_code, len(answers)) == (200, CHUNK)
    assert "not UTF-8" in json.loads(last)["error"]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b'Age,Home\n"30,owner\n', 400, "not closed"),
        (b"Age,Age\n1,2\n", 400, "'Age' twice"),
        (b'Age\n"1"2\n', 400, "a record"),
        (b'Age\n"' + b"x\n" * 600_000, 413, "not closed"),
        (b"Age\n" + b"1" * 2_000_000, 413, "longer than"),
        (b"Age\n\xff\n", 400, "not UTF-8"),
    ],
)
def test_csv_that_is_none_is_told(client, body, status, said):
    found = client.post(PATH, content=body, headers=CSV)
    assert (found.status_code, said in found.json()["error"]) == (status, True), found.text


def test_a_body_that_does_not_come_is_not_waited_for(serving, monkeypatch):
    client, _ = serving()
    monkeypatch.setattr(bodies, "PATIENCE", 0.2)
    with socket.create_connection((client.base_url.host, client.base_url.port), timeout=20) as slow:
        slow.sendall(f"POST {PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\n{{".encode())
        answer = b"".join(iter(lambda: slow.recv(65_536), b"")).decode()  # until it is closed
        assert answer.startswith("HTTP/1.1 408")
        assert "not here within 0.2 s" in answer


def test_a_client_that_goes_before_its_body_is_here_is_no_fault(serving, caplog, example):
    client, _ = serving()
    for start in ("", "{"):
        with socket.create_connection((client.base_url.host, client.base_url.port), timeout=20) as gone:
            gone.sendall(f"POST {PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\n{start}".encode())

    def ended() -> float:
        lines = client.get("/metrics").text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith("casebook_requests_total"))

    until(lambda: ended() == 2, "the end of both requests")
    assert client.post(PATH, json={"rows": [example]}).status_code == 200
    assert "fault" not in caplog.text


@pytest.mark.parametrize(
    "sent",
    [
        b"what is this\r\n\r\n",
        b"POST %s HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{" % PATH.encode(),
    ],
)
def test_what_is_no_http_is_a_problem_too(client, sent):
    with socket.create_connection((client.base_url.host, client.base_url.port), timeout=10) as broken:
        broken.sendall(sent)
        head, _, body = broken.recv(65_536).decode().partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 400")
    assert "no HTTP" in json.loads(body)["error"]


def test_a_body_in_pieces_is_read_whole(client, example):
    body = json.dumps({"rows": [example]}).encode()
    pieces = (body[start : start + 7] for start in range(0, len(body), 7))
    assert client.post(PATH, content=pieces).status_code == 200


def test_no_answer_within_its_time_is_a_504_and_a_stream_waits_for_its_turn(serving, example, monkeypatch):
    client, state = serving()
    monkeypatch.setattr(batches, "PATIENCE", 0.3)
    begun, go, answer = threading.Event(), threading.Event(), state.slots[CASE].model.service.answer

    def slow(*asked):
        begun.set()
        go.wait(20)
        return answer(*asked)

    monkeypatch.setattr(state.slots[CASE].model.service, "answer", slow)
    first = threading.Thread(target=lambda: client.post(PATH, json={"rows": [example]}))
    first.start()
    assert begun.wait(20)
    found = client.post(PATH, json={"rows": [example]})
    assert found.status_code == 504
    assert "0.3 s" in found.json()["error"]
    monkeypatch.setattr(batches, "PATIENCE", 30.0)
    monkeypatch.setattr(batches, "MOST_WAITING", 1)
    room, full = state.batcher.room, threading.Event()

    async def told(*asked):
        full.set()
        await room(*asked)

    monkeypatch.setattr(state.batcher, "room", told)
    waits = threading.Thread(target=lambda: client.post(PATH, json={"rows": [example]}))
    waits.start()
    until(lambda: state.batcher.waiting == 1, "a request that waits")
    lines: list[httpx.Response] = []
    streamed = threading.Thread(
        target=lambda: lines.append(client.post(PATH, content=json.dumps(example), headers=NDJSON))
    )
    streamed.start()
    assert full.wait(20)  # the stream waits for room
    assert client.post(PATH, json={"rows": [example]}).status_code == 429
    go.set()
    for thread in (first, waits, streamed):
        thread.join(20)
    assert json.loads(lines[0].text)["decision"]


def test_a_fault_of_the_server_is_a_problem_and_counted(serving, example, monkeypatch):
    client, state = serving()

    def broken(*_):
        raise ValueError("a fault")

    monkeypatch.setattr(state.slots[CASE].model.service, "answer", broken)
    found = client.post(PATH, json={"rows": [example]})
    assert (found.status_code, found.json()["detail"]) == (500, [])
    assert "a fault" in found.json()["error"]
    assert f'casebook_requests_total{{case="{CASE}",status="500"}} 1.0' in client.get("/metrics").text


def test_the_largest_body_is_what_the_params_say(serving, fitted, example):
    client, _ = serving(max_body={fitted.job.case: 2_000})
    assert client.post(PATH, json={"rows": [example]}).status_code == 200
    found = client.post(PATH, json={"rows": [example] * 20})
    assert (found.status_code, "2,000 bytes" in found.json()["error"]) == (413, True)
