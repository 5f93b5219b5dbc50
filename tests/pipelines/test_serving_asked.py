"""`casebook serve` as a process: what the command was asked is what the server does, and a stream costs no memory."""

import http.client
import json
import threading
from urllib.parse import urlsplit

import httpx
import pandas as pd
import psutil
import pytest

from tests.pipelines.conftest import ROWS
from tests.pipelines.serving import body_of, promote, serving

pytestmark = pytest.mark.slow

PATH = "/v1/toy/predict"
SECRET = "a secret of these tests"  # noqa: S105
LINES, AHEAD = 30_000, 1_000  # of a stream, and how many of them are sent before the first answer must be here
MOST = 50_000_000  # bytes


def test_what_the_command_is_asked_reaches_the_server(two_versions):
    """The champion is version 2, which is explained where a row is declined, and answers what is strange."""
    promote(two_versions, 2)
    asked = ("--version", "1", "--explain", "always", "--strict")
    variables = {"CASEBOOK_TOKEN": SECRET, "CASEBOOK_ALLOWED_HOSTS": "models.example"}
    rows = json.loads(pd.read_csv(two_versions.root / ROWS, nrows=100).to_json(orient="records"))
    with serving(two_versions, *asked, **variables) as (_, address), httpx.Client(base_url=address) as client:
        assert client.post(PATH, json={"rows": []}).status_code == 401
        client.headers["authorization"] = f"Bearer {SECRET}"
        lines = client.post(
            PATH, content="\n".join(map(json.dumps, rows)), headers={"content-type": "application/x-ndjson"}, timeout=60
        )
        answers = [one for one in map(json.loads, lines.text.splitlines()) if "error" not in one]
        assert [one for one in answers if one["decision"] == "approve" and one["reasons"]]
        example = client.get("/v1/toy/schema").json()["row"]["examples"][0]
        found = client.post(PATH, json={"rows": [example]})
        assert (found.status_code, found.json()["version"]) == (200, "1")
        strange = client.post(PATH, json={"rows": [{**example, "Age": -5}]})
        assert (strange.status_code, strange.json()["detail"][0]["loc"]) == (422, ["rows", 0, "Age"])
        for host, status in (("evil.example", 403), ("models.example", 200)):
            found = client.post(PATH, json={"rows": [example]}, headers={"host": host})
            assert (found.status_code, "error" in found.json()) == (status, status == 403)
            assert found.headers["content-type"] == "application/json"


def test_a_stream_is_answered_while_it_comes_and_costs_no_memory(finished):
    with serving(finished) as (started, address):
        row = json.dumps(body_of(address)["rows"][0]).encode() + b"\n"
        memory = psutil.Process(started.process.pid).memory_info
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=120)
        connection.putrequest("POST", f"{PATH}?explain=never&log=false")  # the log's queue is bounded by itself
        connection.putheader("content-type", "application/x-ndjson")
        connection.putheader("transfer-encoding", "chunked")
        connection.endheaders()
        first, sent = threading.Event(), []

        def send() -> None:
            for count in range(0, LINES, 100):
                if count == AHEAD and not first.wait(60):
                    break
                body = row * 100
                connection.send(b"%x\r\n%s\r\n" % (len(body), body))
                sent.append(count + 100)
            connection.send(b"0\r\n\r\n")

        sending = threading.Thread(target=send)
        sending.start()
        answers = connection.getresponse()
        assert (answers.status, "score" in json.loads(answers.readline())) == (200, True)
        assert sum(sent[-1:]) <= AHEAD
        before = highest = memory().rss
        first.set()
        rest = 0
        while line := answers.readline():
            rest, last = rest + 1, line
            if rest % 1_000 == 0:
                highest = max(highest, memory().rss)
        sending.join(60)
        connection.close()
        assert (1 + rest, "score" in json.loads(last)) == (LINES, True)
        assert highest - before < MOST
