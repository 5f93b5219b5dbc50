"""Lines and records of a body that comes in parts, wherever those are cut."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from components.serving import bodies
from components.serving.bodies import (
    JSON,
    ROWS,
    csv_line,
    lines_of,
    media_type,
    read_body,
    rows_of_csv,
    rows_of_ndjson,
)
from components.serving.problems import Problem


class Parts:
    """A request whose body comes in these parts."""

    def __init__(self, *parts: bytes) -> None:
        self.parts = parts

    async def stream(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            yield part


async def listed(rows):
    return [row async for row in rows]


def lines(*parts: bytes, longest: int = 1000) -> list[str]:
    return asyncio.run(listed(lines_of(Parts(*parts), longest)))  # type: ignore[arg-type]


@given(st.lists(st.text(alphabet='ab,"é\u4e2d ', max_size=8), max_size=6), st.integers(1, 7))
def test_lines_are_the_same_wherever_the_body_is_cut(texts, size):
    body = "\n".join(texts).encode()
    parts = [body[place : place + size] for place in range(0, len(body), size)]
    wanted = body.decode().split("\n")
    assert lines(*parts) == (wanted if wanted[-1] else wanted[:-1])


def test_what_is_no_utf8_or_has_no_end_is_refused():
    with pytest.raises(Problem) as wrong:
        lines(b"\xff\xfe\n")
    assert wrong.value.status == 400
    with pytest.raises(Problem) as long:
        lines(b"x" * 1001)
    assert long.value.status == 413


def test_a_line_that_is_no_json_stands_in_its_place():
    async def given_lines() -> AsyncIterator[str]:
        for line in ('{"a": 1}', "", "{", '{"a": 1, "a": 2}', "3"):
            yield line

    first, *broken, last = asyncio.run(listed(rows_of_ndjson(given_lines())))
    assert (first, last) == ({"a": 1}, 3)
    assert [type(one) for one in broken] == [Problem, Problem]
    assert [one.error[:19] for one in broken] == ["the line is no JSON", "the line has the ke"]


def test_records_of_csv_may_hold_line_ends_quotes_and_nothing():
    async def given_lines() -> AsyncIterator[str]:
        for line in ("\ufeffa,b", '1,"two', 'lines, and ""quotes"""', ",x", "1,2,3", ""):
            yield line

    assert asyncio.run(listed(rows_of_csv(given_lines(), 1000))) == [
        {"a": "1", "b": 'two\nlines, and "quotes"'},
        {"a": None, "b": "x"},
        {"a": "1", "b": "2", "column 3": "3"},
    ]


def test_answers_as_a_record():
    assert csv_line(["a", 0.5, None, ["x", "y"], True]) == b'a,0.5,,"[""x"",""y""]",true\n'


@pytest.mark.parametrize(
    ("read", "said"),
    [
        ((JSON,), "content type 'text/xml' is not read; send application/json"),
        (ROWS, "content type 'text/xml' is not read; send application/json, application/x-ndjson or text/csv"),
    ],
)
def test_a_type_that_is_not_read_names_those_that_are(read, said):
    request = Request({"type": "http", "headers": [(b"content-type", b"text/xml; charset=utf-8")]})
    with pytest.raises(Problem) as wrong:
        media_type(request, read)
    assert (wrong.value.status, wrong.value.error) == (415, said)


def test_a_body_that_may_be_longer_has_longer_and_is_told_how_long(monkeypatch):
    """8 MiB have twice the time of 4 MiB: 2 * 0.01 s."""
    monkeypatch.setattr(bodies, "PATIENCE", 0.01)

    async def never() -> dict:
        return await asyncio.Future()

    request = Request({"type": "http", "method": "POST", "headers": []}, never)
    for most, within in ((2**20, "0.01"), (8 * 2**20, "0.02")):
        with pytest.raises(Problem) as late:
            asyncio.run(read_body(request, most))
        assert (late.value.status, late.value.error) == (
            408,
            f"the body, or more of it, was not here within {within} s",
        )
