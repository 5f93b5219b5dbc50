"""Encoding of a file of text: by its mark, by its bytes, or as the params say."""

import codecs
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from components.core.errors import CasebookError
from components.core.files import CHUNK
from components.kits.tables.proofs import CHINESE, UTF8, WESTERN, is_chinese, is_utf8, is_western

log = logging.getLogger(__name__)

MARKS = {  # the longer ones first: that of UTF-16 begins that of UTF-32
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
LOOKED_AT = 1 << 18  # bytes of lines that are not ASCII


@dataclass(frozen=True)
class WrongByte:
    """The first byte that is not UTF-8, and where it stands."""

    value: int
    offset: int
    line: int


def find_encoding(file: Path, shown: Path, stated: str | None) -> str:
    """How the text in `file` is written; messages call it `shown`.

    A mark at its beginning tells, then the zeros of UTF-16, then that all of it is UTF-8. What is none of these is
    read as `stated`, and if nothing is stated as GB18030 or Windows-1252 where the bytes prove one of them.

    Raises:
        CasebookError: the bytes prove nothing.
    """
    with file.open("rb") as opened:
        start = opened.read(CHUNK)
    for mark, encoding in MARKS.items():
        if start.startswith(mark):
            return encoding
    if b"\0" in start and (wide := _wide(start)):
        return wide
    if stated is not None and stated.lower().replace("_", "-").startswith(("utf-16", "utf-32")):
        return stated  # its bytes may be valid UTF-8, full of zeros
    if b"\0" in start[:4] and stated is None:
        raise CasebookError(f"{shown}: no text in UTF-8: its first bytes hold a zero; {_remedy('utf-16-le')}")
    wrong = first_wrong_byte(file)
    if wrong is None:
        return UTF8
    found = stated or _proven(file)
    if found is None:
        raise CasebookError(
            f"{shown}: not UTF-8: byte 0x{wrong.value:02x} at offset {wrong.offset} (line {wrong.line}), and its bytes "
            f"prove no other encoding; {_remedy('gb18030, windows-1252 or shift_jis')}"
        )
    if stated is None:
        tell(f"{shown}: not UTF-8, and read as {found}; if names come out wrong, {_remedy('windows-1250')}")
    return found


@lru_cache(maxsize=256)  # a command may read a file several times
def tell(message: str) -> None:
    """Warn of it once."""
    log.warning(message)


def first_wrong_byte(file: Path) -> WrongByte | None:
    decoder, offset = codecs.getincrementaldecoder(UTF8)(), 0
    with file.open("rb") as opened:
        while True:
            chunk = opened.read(CHUNK)
            held = len(decoder.getstate()[0])  # bytes of a character that the chunk before began
            try:
                if held or not chunk or not chunk.isascii():
                    decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                place = offset + error.start - held
                return WrongByte(error.object[error.start], place, 1 + _line_ends(file, place))
            if not chunk:
                return None
            offset += len(chunk)


def _line_ends(file: Path, before: int) -> int:
    count = 0
    with file.open("rb") as opened:
        while before > 0 and (chunk := opened.read(min(CHUNK, before))):
            count += chunk.count(b"\n")
            before -= len(chunk)
    return count


def decoded(file: Path, shown: Path, encoding: str) -> Iterator[bytes]:
    """The text in pieces of UTF-8.

    Raises:
        CasebookError: a byte does not fit the encoding.
    """
    decoder, offset = codecs.getincrementaldecoder(encoding)(), 0
    with file.open("rb") as opened:
        while True:
            chunk = opened.read(CHUNK)
            try:
                yield decoder.decode(chunk, final=not chunk).encode()
            except UnicodeError as error:
                place = offset + max(0, getattr(error, "start", 0))
                raise CasebookError(
                    f"{shown}: not {encoding}: a byte near offset {place} does not fit it; "
                    f"{_remedy('gb18030 or windows-1252')}"
                ) from None
            if not chunk:
                return
            offset += len(chunk)


def _remedy(example: str) -> str:
    options = "--encoding with `casebook new`, prepare.read.encoding in a block"
    return f"say what it is written in: {options} (such as {example})"


def _wide(start: bytes) -> str | None:
    """UTF-16 without a mark: its digits, commas and line ends have zeros, nearly all of them on one side."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if 10 * min(even, odd) > max(even, odd) or max(even, odd) < len(start) / 40 or len(start) % 2:
        return None
    encoding = "utf-16-be" if even > odd else "utf-16-le"
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(start)
    except UnicodeDecodeError:
        return None
    return encoding if re.search(r"[\r\n]", text) else None


def _proven(file: Path) -> str | None:
    lines, size = [], 0
    with file.open("rb") as opened:
        while size < LOOKED_AT and (line := opened.readline(LOOKED_AT)):
            if not line.isascii():
                lines.append(line)
                size += len(line)
    if sum(is_utf8(line) for line in lines) >= len(lines) / 2:
        return None  # UTF-8 with a few broken characters
    found = b"".join(lines)
    return CHINESE if is_chinese(found) else WESTERN if is_western(found) else None
