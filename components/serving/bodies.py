"""Bodies of requests: read up to a limit, as JSON, as lines of JSON or as CSV."""

import asyncio
import csv
import io
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import Any

from starlette.requests import Request

from components.serving.parsing import first_twice, key_of_text, parse_json
from components.serving.problems import LONGEST, Detail, Problem
from components.serving.writing import json_text

JSON, NDJSON, CSV, FORM = "application/json", "application/x-ndjson", "text/csv", "multipart/form-data"
STREAMS = (NDJSON, CSV)
NAMES = {
    "": JSON,
    "application/x-www-form-urlencoded": JSON,  # what curl says of all that it is given with -d
    "application/ndjson": NDJSON,
    "application/jsonl": NDJSON,
    "application/x-jsonlines": NDJSON,
}
MOST_ROWS = 1_000  # of one JSON body; more are streamed
PATIENCE = 30.0  # seconds until a body must be here
SOON = 4 * 2**20  # bytes for which that is enough; where more may come it may take longer
QUOTE = '"'


ROWS = (JSON, NDJSON, CSV)  # how rows come
IMAGES = (JSON, NDJSON, FORM)  # how images come: as files of forms, and in no CSV


def media_type(request: Request, read: Sequence[str] = ROWS) -> str:
    """The type of the body, JSON where none is said.

    Raises:
        Problem: 415, it is none of those that are `read`, or is compressed.
    """
    if (coding := request.headers.get("content-encoding", "identity").strip().lower()) != "identity":
        raise Problem(415, f"content encoding {coding[:60]!r} is not read; send the body as it is")
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    found = NAMES.get(said, said)
    if found not in read:
        good = " or ".join(filter(None, (", ".join(read[:-1]), read[-1])))
        raise Problem(415, f"content type {said[:60]!r} is not read; send {good}")
    return found


def keys_of_query(request: Request) -> dict[str, Any]:
    """What stands behind the path's `?`, each value read as JSON if it is any: `?explain=never&log=false`.

    Raises:
        Problem: 422, a key stands there twice.
    """
    found: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if name in found:
            raise Problem(422, "a key of the query twice", [Detail((name,), "send it once", value)])
        found[name] = key_of_text(name, value)
    return found


async def read_body(request: Request, most: int) -> bytes:
    """The whole body; errors as `parts_of`."""
    return b"".join([part async for part in parts_of(request, most)])


async def parts_of(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    """A body as it comes.

    Raises:
        Problem: 413, it is longer than `most` bytes; 408, it is not here in time.
    """
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > most:
        raise _too_long(most)
    length = 0
    async for part in _coming(request, PATIENCE * max(1.0, most / SOON)):
        length += len(part)
        if length > most:
            raise _too_long(most)
        yield part


async def _coming(request: Request, within: float, *, each: bool = False) -> AsyncGenerator[bytes, None]:
    """Parts, all of them within so many seconds, or `each` after the last."""
    loop, parts = asyncio.get_running_loop(), request.stream()
    ends = loop.time() + within
    while True:
        try:
            async with asyncio.timeout_at(ends):
                part = await anext(parts, None)
        except TimeoutError:
            told = f"the body, or more of it, was not here within {within:g} s"
            raise Problem(408, told, headers={"Connection": "close"}) from None
        if part is None:
            return
        yield part
        if each:
            ends = loop.time() + within


def _too_long(most: int) -> Problem:
    return Problem(
        413, f"the body is longer than {most:,} bytes; send many rows as lines of JSON ({NDJSON}) or as CSV ({CSV})"
    )


async def read_json(request: Request, most: int) -> Any:
    """The whole body; errors as `read_body` and `parse_json`."""
    return parse_json(await read_body(request, most))


async def lines_of(request: Request, longest: int) -> AsyncIterator[str]:
    """The lines of a body as they come, without their ends.

    Raises:
        Problem: 400 where they are not UTF-8, 413 where one is longer than `longest` bytes.
    """
    begun, length = list[bytes](), 0  # parts of a line whose end is not here yet
    async for part in _coming(request, PATIENCE, each=True):
        *whole, rest = part.split(b"\n")
        for line in whole:
            yield _decoded(b"".join([*begun, line]))
            begun, length = [], 0
        begun.append(rest)
        length += len(rest)
        if length > longest:
            raise Problem(413, f"a line is longer than {longest:,} bytes")
    if length:
        yield _decoded(b"".join(begun))


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8").rstrip("\r")
    except UnicodeDecodeError as error:
        raise Problem(400, f"the body is not UTF-8: {error}") from None


async def rows_of_ndjson(lines: AsyncIterator[str]) -> AsyncIterator[Any]:
    """A row for each line that is not blank; a line that is no JSON is a `Problem` in its row's place."""
    async for line in lines:
        if line.strip():
            try:
                yield parse_json(line.encode(), "line")
            except Problem as problem:
                yield problem


async def rows_of_csv(lines: AsyncIterator[str], longest: int) -> AsyncIterator[Mapping[str, Any]]:
    """A row for each record after the header, cells as texts, None where they are empty.

    Raises:
        Problem: 400, a record is none; 413, it is longer than `longest` characters, as where a quote is never closed.
    """
    header: list[str] | None = None
    parts: list[str] = []
    length, quotes = 0, 0
    async for line in lines:
        parts.append(line)
        length, quotes = length + len(line) + 1, quotes + line.count(QUOTE)
        if length > longest:
            raise Problem(413, f"a record is longer than {longest:,} characters; is a quote not closed?")
        if quotes % 2:
            continue  # the line's end stands within a cell
        for cells in _records("\n".join(parts)):
            if header is None:
                header = _header(cells)
            elif cells:
                yield _row(header, cells)
        parts, length, quotes = [], 0, 0
    if parts:
        raise Problem(400, "the last record has a quote that is not closed")


def rows_of_text(body: bytes) -> list[Mapping[str, Any]]:
    """The rows of a whole CSV, as `rows_of_csv` has them.

    Raises:
        Problem: 400, it is not UTF-8, or a record is none.
    """
    first, *records = _records(_decoded(body)) or [[]]
    header = _header(first)
    return [_row(header, cells) for cells in records if cells]


def _records(text: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise Problem(400, f"a record of the CSV is none: {error}") from None


def _header(cells: list[str]) -> list[str]:
    """Raises Problem 400 where a name stands twice: nobody knows which of the columns is meant."""
    names = [name.removeprefix("\ufeff") for name in cells]
    if (twice := first_twice(names)) is not None:
        raise Problem(400, f"the header has the column {twice[:LONGEST]!r} twice; send it once")
    return names


def _row(header: list[str], cells: list[str]) -> dict[str, Any]:
    return {name: cell or None for name, cell in _paired(header, cells)}


def _paired(header: list[str], cells: list[str]) -> Iterator[tuple[str, str | None]]:
    """Cells beyond the header get names of their own, which no model has."""
    names = [*header, *(f"column {place}" for place in range(len(header) + 1, len(cells) + 1))]
    return zip(names, [*cells, *[None] * (len(names) - len(cells))], strict=True)


def csv_line(cells: Iterable[Any]) -> bytes:
    """A record; what is no number or text is written as JSON."""
    written: list[str] = []
    writer = csv.writer(_Lines(written), lineterminator="\n")
    writer.writerow([_cell(cell) for cell in cells])
    return written[0].encode()


class _Lines:
    def __init__(self, kept: list[str]) -> None:
        self._kept = kept

    def write(self, text: str) -> int:
        self._kept.append(text)
        return len(text)


def _cell(cell: Any) -> Any:
    return json_text(cell) if isinstance(cell, list | dict | bool) else cell
