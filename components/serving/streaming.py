"""Many rows in one request, answered in chunks as they come: memory stays as it is, whatever the body's length."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from components.serving.asking import look_and_answer
from components.serving.bodies import MOST_ROWS, NDJSON, csv_line, lines_of, rows_of_csv, rows_of_ndjson
from components.serving.errors import answer_of
from components.serving.models import Model
from components.serving.problems import Detail, Problem, wrong_rows
from components.serving.service import Answered, Options, at_once
from components.serving.state import State

CHUNK = 256  # rows that are answered at a time
BREATH = 0.05  # seconds until a stream asks again for a place among those that wait


class Streamed(Response):
    """Parts as they are made, from the body of the request as it comes. Starlette's own streaming response listens for
    a client that goes away, and so takes the parts of the body that the answer is made of.

    A problem before the first part is answered as any other; one after it is the last line.
    """

    def __init__(self, parts: AsyncIterator[bytes], media_type: str) -> None:
        super().__init__(media_type=media_type)
        self._parts = parts
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(ClientDisconnect):
            try:
                first = await anext(self._parts, b"")
            except Problem as problem:
                await answer_of(problem)(scope, receive, send)
                return
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": first, "more_body": True})
            try:
                async for part in self._parts:
                    await send({"type": "http.response.body", "body": part, "more_body": True})
            except Problem as problem:
                await send({"type": "http.response.body", "body": self._last(problem), "more_body": True})
            await send({"type": "http.response.body", "body": b""})

    def _last(self, problem: Problem) -> bytes:
        return orjson.dumps(problem.to_json()) + b"\n" if self.media_type == NDJSON else csv_line([problem.error])


T = TypeVar("T")


async def stream(
    state: State, model: Model, request: Request, kind: str, options: Options, limit: int, *, log: bool
) -> AsyncIterator[bytes]:
    """A line for each row, in their order: of a row that the model does not take what is wrong with it.

    Raises:
        Problem: 422, an answer would depend on the rows before: between two chunks others are answered.
    """
    if options.is_whole:
        told = f"send at most {MOST_ROWS:,} rows in one body of JSON; a stream is answered in parts"
        wrong = [Detail((name,), told, True) for name in options.whole]
        raise Problem(422, f"{', '.join(options.whole)} cannot be asked of a stream", wrong)
    lines = lines_of(request, limit)
    rows: AsyncIterator[Any] = rows_of_ndjson(lines) if kind == NDJSON else rows_of_csv(lines, limit)
    names: list[str] = []
    tried = model.is_champion and model.case in state.canaries
    async for chunk in _chunks(rows, at_once(model.service, CHUNK)):
        answers = await _answers(state, model, chunk, options, log=log)
        if tried:  # each line says who answered it
            answers = [_named(one, model) for one in answers]
        for one in answers:
            if kind == NDJSON:
                yield orjson.dumps(_plain(one), default=str, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n"
                continue
            if not names and one.values is not None:
                names = [*one.values, "error"]
                yield csv_line(names)
            yield csv_line(_cells(one, names or ["error"]))


async def _answers(state: State, model: Model, chunk: list[Any], options: Options, *, log: bool) -> list[Answered]:
    rows = [row for row in chunk if not isinstance(row, Problem)]
    found = iter(await _in_turn(state, model, rows, options, log=log))
    return [_unread(row) if isinstance(row, Problem) else next(found) for row in chunk]


def _named(one: Answered, model: Model) -> Answered:
    return one if one.values is None else replace(one, values={**one.values, "version": one.version or model.version})


async def _in_turn(state: State, model: Model, rows: list[Any], options: Options, *, log: bool) -> list[Answered]:
    """Answers to the rows. Who has begun to stream is not sent away where others wait, but waits for a place."""
    while True:
        try:
            return await look_and_answer(state, model, rows, options, log=log)
        except Problem as problem:
            if problem.status != 429:
                raise
        await asyncio.sleep(BREATH)


def _unread(problem: Problem) -> Answered:
    return Answered(None, [Detail((), problem.error)])


def _plain(one: Answered) -> Mapping[str, Any]:
    return wrong_rows(one.wrong).to_json() if one.wrong else one.values or {}


def _cells(one: Answered, names: list[str]) -> list[Any]:
    if one.wrong:
        told = "; ".join(f"{'.'.join(map(str, detail.loc))}: {detail.msg}" for detail in one.wrong)
        return [*[None] * (len(names) - 1), told]
    values = one.values or {}
    return [*(values.get(name) for name in names[:-1]), None]


async def _chunks(rows: AsyncIterator[T], size: int) -> AsyncIterator[list[T]]:
    chunk: list[T] = []
    async for row in rows:
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
