"""Each request is counted for its case by how it ended, whichever way it came."""

import asyncio
from typing import Any

import pytest

from components.serving.app import make_app
from tests.components.serving.doubling import CASE, Doubling, counted, standing
from tests.components.serving.test_streaming import asked

PATH = f"/v1/{CASE}/predict"


@pytest.mark.parametrize("path", [PATH, f"/v1/{CASE}/invocations", "/invocations", f"/v2/models/{CASE}/infer"])
@pytest.mark.parametrize("kind", [b"application/json", b"text/csv"])
def test_a_client_that_goes_before_its_body_is_here_is_no_fault_of_the_server(path, kind):
    if "infer" in path and kind != b"application/json":
        return
    heard: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        heard.append(message["type"])

    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"",
        "root_path": "", "headers": [(b"content-type", kind)], "http_version": "1.1", "scheme": "http",
    }  # fmt: skip
    with standing(Doubling()) as state:
        asyncio.run(make_app(state)(scope, receive, send))
        assert counted(state) == {"499": 1.0}
    assert path != PATH or not heard


def test_a_request_that_is_cancelled_is_counted_as_one_that_nobody_heard():
    service = Doubling()

    async def ask(client: Any) -> None:
        service.go.clear()
        task = asyncio.create_task(client.post(PATH, json={"rows": [1]}))
        while not service.asked:
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.wait([task])
        service.go.set()

    with standing(service) as state:
        asked(state, ask)
        assert counted(state) == {"499": 1.0}


def test_a_fault_is_counted_as_one_and_so_is_that_of_a_stream_that_has_begun():
    with standing(Doubling()) as state:

        async def ask(client: Any) -> list[int]:
            whole = await client.post(PATH, json={"rows": ["broken"]})
            kind = {"content-type": "application/x-ndjson"}
            begun = await client.post(PATH, content="1\n" * 64 + '"broken"', headers=kind)
            return [whole.status_code, begun.status_code]

        assert asked(state, ask) == [500, 200]
        assert counted(state) == {"500": 2.0}


def test_mlflows_path_is_counted_for_the_only_case_whether_or_not_the_path_names_it():
    with standing(Doubling()) as state:

        async def ask(client: Any) -> list[int]:
            bodies = (
                b'{"instances": [1, 2]}',
                b'{"instances": 3}',
                b'{"instances": ["\\ud800", NaN]}',
                b'{"a": [1e999, NaN]}',
            )
            paths = ("/invocations", f"/v1/{CASE}/invocations")
            return [(await client.post(path, content=body)).status_code for path in paths for body in bodies]

        assert asked(state, ask) == [200, 422, 400, 400] * 2
        assert counted(state) == {"200": 2.0, "422": 2.0, "400": 4.0}


def test_an_id_among_mlflows_params_is_the_requests():
    """A canary goes by it; one beside the params is none."""
    with standing(Doubling()) as state:

        async def ask(client: Any) -> list[int]:
            ids = ("a-7", None, 7, "x" * 201)
            bodies = [{"instances": [1], "params": {"request_id": one}} for one in ids]
            return [(await client.post("/invocations", json=body)).status_code for body in bodies]

        assert asked(state, ask) == [200, 200, 422, 422]


def test_a_short_path_that_no_served_recipe_offers_is_none():
    with standing(Doubling()) as state:
        found = asked(state, lambda client: client.post("/translate", json={"text": "ni hao"}))
    assert (found.status_code, found.json()["error"][:21]) == (404, "there is no such path")
