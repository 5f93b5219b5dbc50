"""A file of typed lines, some at a time."""

import codecs
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO

from components.core.errors import CasebookError
from components.core.files import CHUNK

BATCH_LINES = 1_000
TEXT = ".txt"
# What ends a line for an editor or a phone: LF, CRLF, CR, NEL, the separators of Unicode, vertical tab, form feed.
END = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
SAMPLE = 1 << 16  # bytes by which an encoding is guessed
GUESSED = ("gb18030", "big5", "cp1252")  # encodings that people type pinyin and hanzi in
ZEROS = 0.2  # share of zero bytes that text in UTF-16 has at least, half of it letters


def read_lines(source: Path) -> Iterator[tuple[int, list[str]]]:
    """Lines without their ends, some at a time, each batch with the number of its first line, from 1.

    Raises:
        CasebookError: the file does not end with .txt, or as `lines_of`.
    """
    if source.suffix not in (TEXT, ""):
        raise CasebookError(
            f"{source}: suffix {source.suffix!r}; give a text, a line for each answer, that ends with .txt"
        )
    yield from lines_of(source)


def lines_of(source: Path) -> Iterator[tuple[int, list[str]]]:
    """As `read_lines`, of a file with any suffix.

    Raises:
        CasebookError: the file cannot be read, or is not UTF-8.
    """
    try:
        with source.open("rb") as file:
            _refuse_utf16(file.read(SAMPLE), source)
            file.seek(0)
            lines, first = _lines(file, source), 1
            while batch := list(islice(lines, BATCH_LINES)):
                yield first, batch
                first += len(batch)
    except OSError as error:
        raise CasebookError(f"{source}: cannot be read: {error.strerror}") from None


def _lines(file: IO[bytes], source: Path) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    parts: list[str] = []  # of a line that is longer than a chunk
    number, held = 1, ""
    while True:
        content = file.read(CHUNK)
        try:
            text = held + decoder.decode(content, final=not content)
        except UnicodeDecodeError as error:
            before = held + error.object[: error.start].decode("utf-8", errors="ignore")
            raise CasebookError(
                f"{source}: not UTF-8: byte 0x{error.object[error.start]:02x} in line "
                f"{number + len(END.findall(before))}; convert it, for example: {_iconv(source, _guess(source))}"
            ) from None
        held = "\r" if content and text.endswith("\r") else ""  # perhaps half of a CRLF
        *ended, last = END.split(text[: len(text) - len(held)])
        if ended:
            yield "".join([*parts, ended[0]])
            yield from ended[1:]
            parts, number = [], number + len(ended)
        parts.append(last)
        if not content:
            break
    if line := "".join(parts):
        yield line


def _refuse_utf16(sample: bytes, source: Path) -> None:
    """With its mark, or without one where every other byte of the letters is zero."""
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "UTF-16"
    elif sample.count(0) > ZEROS * len(sample):
        encoding = "UTF-16LE" if sample[1::2].count(0) > sample[::2].count(0) else "UTF-16BE"
    else:
        return
    raise CasebookError(f"{source}: written in {encoding}, not UTF-8; convert it: {_iconv(source, encoding)}")


def _guess(source: Path) -> str:
    """The name for iconv of an encoding that the bytes fit."""
    from charset_normalizer import from_bytes  # only who gives a wrong file pays for it

    with source.open("rb") as file:
        found = from_bytes(file.read(SAMPLE), cp_isolation=[*GUESSED]).best()
    return (found.encoding if found is not None else GUESSED[0]).upper()


def _iconv(source: Path, encoding: str) -> str:
    return f"iconv -f {encoding} -t UTF-8 {source.name} > {source.stem}.utf8.txt"
