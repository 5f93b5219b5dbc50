"""Streams: chunks that memory holds, columns that are known before the first answer, and their turn among others."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx
import pytest

from components.serving import batches, queues
from components.serving.app import make_app
from components.serving.state import State
from tests.components.serving.doubling import CASE, Doubling, standing

PATH = f"/v1/{CASE}/predict"
NDJSON = {"content-type": "application/x-ndjson"}
CSV = {"content-type": "text/csv"}
Found = TypeVar("Found")


def asked(state: State, ask: Callable[[httpx.AsyncClient], Awaitable[Found]]) -> Found:
    """What a client of the state's application finds."""

    async def within() -> Found:
        transport = httpx.ASGITransport(make_app(state), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://toy") as client:
            return await ask(client)

    return asyncio.run(within())


def sent(service: Doubling, body: str, headers: dict[str, str]) -> httpx.Response:
    """The answer to a stream whose lines and chunks have 1,000 characters at most."""
    with standing(service) as state:
        return asked(state, lambda client: client.post(PATH, content=body, headers=headers))


@pytest.mark.parametrize(
    ("widths", "chunks"),
    [
        ([2] * 130, [64, 64, 2]),  # so many rows
        ([500] * 5, [2, 2, 1]),  # so many characters
        ([10, 1000, 10, 990, 10], [2, 2, 1]),
        ([300] * 65, [4] * 16 + [1]),
    ],
)
def test_a_chunk_has_64_rows_or_as_many_as_a_body_may_be_long(widths, chunks):
    service = Doubling()
    answer = sent(service, "\n".join("1".rjust(width) for width in widths), NDJSON)
    assert [len(call) for call in service.calls] == chunks
    assert [json.loads(line)["double"] for line in answer.text.splitlines()] == [2] * len(widths)


@pytest.mark.parametrize(
    ("cells", "lines"),
    [
        (["3"], ["double,explain,error", "6,declined,"]),
        (["wrong", "3"], ["double,explain,error", ",,n: is no number", "6,declined,"]),
        (["wrong"], ["double,explain,error", ",,n: is no number"]),
        (["wrong"] * 64 + ["3"], ["double,explain,error", *[",,n: is no number"] * 64, "6,declined,"]),
        (["3"] * 64 + ['"1"2'], ["double,explain,error", *["6,declined,"] * 64, ',,"a record of the CSV is none: ']),
    ],
)
def test_a_csv_begins_with_its_columns_whatever_its_first_rows_are(cells, lines):
    found = sent(Doubling(), "\n".join(["n", *cells]), CSV)
    *before, last = found.text.splitlines()
    assert (found.status_code, before) == (200, lines[:-1])
    assert last.startswith(lines[-1])


def test_a_stream_waits_for_room_and_is_told_where_there_is_none_in_time(monkeypatch):
    monkeypatch.setattr(batches, "MOST_WAITING", 2)
    monkeypatch.setattr(queues, "BREATH", 0.001)
    service = Doubling()

    async def ask(client: httpx.AsyncClient) -> list[httpx.Response]:
        service.go.clear()
        one = asyncio.create_task(client.post(PATH, json={"rows": [1]}))
        while not service.asked:
            await asyncio.sleep(0.001)
        other = asyncio.create_task(client.post(PATH, json={"rows": [2]}))
        while not state.batcher.waiting:
            await asyncio.sleep(0.001)
        with monkeypatch.context() as impatient:
            impatient.setattr(batches, "PATIENCE", 0.02)
            late = await client.post(PATH, content="3", headers=NDJSON)
        patient = asyncio.create_task(client.post(PATH, content="4", headers=NDJSON))
        await asyncio.sleep(0.02)
        assert not patient.done()
        service.go.set()
        return [late, await one, await other, await patient]

    with standing(service) as state:
        late, *answers = asked(state, ask)
    assert (late.status_code, late.json()["error"][:22]) == (504, "no answer began within")
    assert [one.status_code for one in answers] == [200] * 3
    assert service.calls == [[1], [2], [4]]


def test_a_stream_that_no_room_comes_for_later_ends_with_the_problem(monkeypatch):
    service = Doubling()
    with standing(service) as state:

        async def ask(client: httpx.AsyncClient) -> str:
            answer = state.batcher.answer

            async def then_full(*given, **named):  # the first chunk is answered, and then nobody has room
                found = await answer(*given, **named)
                monkeypatch.setattr(batches, "MOST_WAITING", 0)
                monkeypatch.setattr(batches, "PATIENCE", 0.05)
                return found

            monkeypatch.setattr(state.batcher, "answer", then_full)
            return (await client.post(PATH, content="1\n" * 65, headers=NDJSON)).text

        *answers, last = asked(state, ask).splitlines()
    assert [json.loads(one)["double"] for one in answers] == [2] * 64
    assert json.loads(last) == {"error": "no answer began within 0.05 s; the server is busy", "detail": []}
