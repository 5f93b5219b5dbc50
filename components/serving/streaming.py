"""Many rows in one request, answered in chunks as they come: memory stays as it is, whatever the body's length."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from components.serving.asking import look_and_answer
from components.serving.batches import AT_ONCE
from components.serving.bodies import NDJSON, csv_line, lines_of, rows_of_csv, rows_of_ndjson
from components.serving.errors import answer_of
from components.serving.models import Model
from components.serving.problems import Detail, Problem, wrong_rows
from components.serving.service import Answered, Options, at_once
from components.serving.state import State
from components.serving.writing import json_bytes

CHUNK = AT_ONCE  # rows that are answered at a time
ERROR = "error"  # the last column of a CSV


class Streamed(Response):
    """Parts as they are made, from the body of the request as it comes. Starlette's own streaming response listens for
    a client that goes away, and so takes the parts of the body that the answer is made of.

    A problem before the first part is answered as any other.
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
            async for part in self._parts:
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})


class Form(Protocol):
    """How answers are written, a line each."""

    def lines(self, answers: Sequence[Answered]) -> bytes: ...

    def last(self, problem: Problem) -> bytes:
        """The line at which a stream breaks."""


class AsLines:
    """Lines of JSON."""

    def lines(self, answers: Sequence[Answered]) -> bytes:
        return b"".join(
            json_bytes(wrong_rows(one.wrong).to_json() if one.wrong else one.values or {}) + b"\n" for one in answers
        )

    def last(self, problem: Problem) -> bytes:
        return json_bytes(problem.to_json()) + b"\n"


class AsTable:
    """A CSV: columns of the first answer, or where that is none those `known`; what is wrong stands in the last one."""

    def __init__(self, known: Sequence[str]) -> None:
        self._known = known
        self._names: list[str] = []

    def lines(self, answers: Sequence[Answered]) -> bytes:
        written = []
        if not self._names:
            first = next((one.values for one in answers if one.values is not None), self._known)
            self._names = list(first)
            written.append(csv_line([*self._names, ERROR]))
        return b"".join([*written, *(csv_line(self._cells(one)) for one in answers)])

    def last(self, problem: Problem) -> bytes:
        return csv_line(self._wrong(problem.error))

    def _cells(self, one: Answered) -> list[Any]:
        if one.wrong:
            return self._wrong("; ".join(f"{'.'.join(map(str, detail.loc))}: {detail.msg}" for detail in one.wrong))
        values = one.values or {}
        return [*(values.get(name) for name in self._names), None]

    def _wrong(self, told: str) -> list[Any]:
        return [*[None] * len(self._names), told]


async def stream(
    state: State, model: Model, request: Request, kind: str, options: Options, limit: int, *, log: bool
) -> AsyncIterator[bytes]:
    """A line for each row, in their order: of a row that the model does not take what is wrong with it. A problem after
    the first of them is the last line.
    """
    lines = Counted(lines_of(request, limit))
    rows: AsyncIterator[Any] = rows_of_ndjson(lines) if kind == NDJSON else rows_of_csv(lines, limit)
    tried = model.is_champion and model.case in state.canaries
    known = [*model.answers.answer.get("properties", {}), *(["version"] if tried else [])]
    form: Form = AsLines() if kind == NDJSON else AsTable(known)
    begun = False
    try:
        async for chunk in _chunks(rows, lines, at_once(model.service, CHUNK), limit):
            answers = await _answers(state, model, chunk, options, log=log)
            if tried:  # each line says who answered it
                answers = [_named(one, model) for one in answers]
            yield form.lines(answers)
            begun = True
    except Problem as problem:
        if not begun:
            raise
        yield form.last(problem)


async def _answers(state: State, model: Model, chunk: list[Any], options: Options, *, log: bool) -> list[Answered]:
    """Who has begun to stream is not sent away where others wait, but waits for room."""
    rows = [row for row in chunk if not isinstance(row, Problem)]
    if rows:
        await state.batcher.room(model, rows)
    found = iter(await look_and_answer(state, model, rows, options, log=log))
    return [_unread(row) if isinstance(row, Problem) else next(found) for row in chunk]


def _named(one: Answered, model: Model) -> Answered:
    return one if one.values is None else replace(one, values={**one.values, "version": one.version or model.version})


def _unread(problem: Problem) -> Answered:
    return Answered(None, [Detail((), problem.error)])


class Counted:
    """Lines as they come, and how long those were that have come."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines
        self.length = 0  # in characters

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        line = await anext(self._lines)
        self.length += len(line)
        return line


async def _chunks(rows: AsyncIterator[Any], lines: Counted, size: int, longest: int) -> AsyncIterator[list[Any]]:
    """Rows, so many at a time, or fewer where their lines are `longest` together."""
    chunk: list[Any] = []
    before = 0
    async for row in rows:
        chunk.append(row)
        if len(chunk) == size or lines.length - before >= longest:
            yield chunk
            chunk, before = [], lines.length
    if chunk:
        yield chunk
