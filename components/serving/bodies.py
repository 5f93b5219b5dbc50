"""Bodies of requests: read up to a limit, as JSON, as lines of JSON or as CSV."""

import csv
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping
from typing import Any

import orjson
from starlette.requests import Request

from components.serving.problems import Problem

JSON, NDJSON, CSV, FORM = "application/json", "application/x-ndjson", "text/csv", "multipart/form-data"
STREAMS = (NDJSON, CSV)
MOST_ROWS = 1_000  # of one JSON body; more are streamed
QUOTE = '"'


def media_type(request: Request, *, files: bool = False) -> str:
    """The type of the body, JSON where none is said. Images come as files of forms, and in no CSV.

    Raises:
        Problem: 415, it is none of those that are read.
    """
    said = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if said in ("application/ndjson", "application/jsonl", "application/x-jsonlines"):
        return NDJSON
    read = (JSON, NDJSON, FORM if files else CSV)
    if said in read:
        return said
    raise Problem(415, f"content type {said!r} is not read; send {', '.join(read[:-1])} or {read[-1]}")


async def read_body(request: Request, most: int) -> bytes:
    """The whole body; errors as `parts_of`."""
    return b"".join([part async for part in parts_of(request, most)])


async def parts_of(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    """A body as it comes.

    Raises:
        Problem: 413, it is longer than `most` bytes.
    """
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > most:
        raise _too_long(most)
    length = 0
    async for part in request.stream():
        length += len(part)
        if length > most:
            raise _too_long(most)
        yield part


def _too_long(most: int) -> Problem:
    return Problem(
        413, f"the body is longer than {most:,} bytes; send many rows as lines of JSON ({NDJSON}) or as CSV ({CSV})"
    )


async def read_json(request: Request, most: int) -> Any:
    """The whole body; errors as `read_body` and `parse_json`."""
    return parse_json(await read_body(request, most))


def parse_json(body: bytes) -> Any:
    """Raises Problem 400 if it is no JSON."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Problem(400, f"the body is no JSON: {error}") from None


async def lines_of(request: Request, longest: int) -> AsyncIterator[str]:
    """The lines of a body as they come, without their ends.

    Raises:
        Problem: 400 where they are not UTF-8, 413 where one is longer than `longest` bytes.
    """
    rest = b""
    async for part in request.stream():
        *whole, rest = (rest + part).split(b"\n")
        for line in whole:
            yield _decoded(line)
        if len(rest) > longest:
            raise Problem(413, f"a line is longer than {longest:,} bytes")
    if rest:
        yield _decoded(rest)


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
                yield orjson.loads(line)
            except orjson.JSONDecodeError as error:
                yield Problem(400, f"the line is no JSON: {error}")


async def rows_of_csv(lines: AsyncIterator[str]) -> AsyncIterator[Mapping[str, Any]]:
    """A row for each record after the header, cells as texts, None where they are empty."""
    header: list[str] | None = None
    record = ""
    async for line in lines:
        record = f"{record}\n{line}" if record else line
        if record.count(QUOTE) % 2:
            continue  # the line's end stands within a cell
        for cells in csv.reader([record]):
            if header is None:
                header = [name.removeprefix("\ufeff") for name in cells]
            elif cells:
                yield {name: cell or None for name, cell in _paired(header, cells)}
        record = ""


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
    return orjson.dumps(cell).decode() if isinstance(cell, list | dict | bool) else cell
