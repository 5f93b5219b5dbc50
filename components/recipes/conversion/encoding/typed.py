"""A file of typed lines, some at a time."""

import codecs
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from components.core.errors import CasebookError

BATCH_LINES = 1_000
TEXT = ".txt"


def read_lines(source: Path) -> Iterator[tuple[int, list[str]]]:
    """Lines without their ends, some at a time, each batch with the number of its first line, from 1."""
    if source.suffix not in (TEXT, ""):
        raise CasebookError(
            f"{source}: suffix {source.suffix!r}; give a text, a line for each answer, that ends with .txt"
        )
    try:
        with source.open("rb") as file:
            first = 1
            while raw := list(islice(file, BATCH_LINES)):
                yield first, [_line(content, first + place, source) for place, content in enumerate(raw)]
                first += len(raw)
    except OSError as error:
        raise CasebookError(f"{source}: cannot be read: {error.strerror}") from None


def _line(content: bytes, number: int, source: Path) -> str:
    content = content.removeprefix(codecs.BOM_UTF8) if number == 1 else content
    try:
        return content.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise CasebookError(
            f"{source}: not UTF-8: byte 0x{content[error.start]:02x} in line {number}; convert it, for example: "
            f"iconv -f GB18030 -t UTF-8 {source.name} > {source.stem}.utf8.txt"
        ) from None
