"""The first row of a text file that stops its reader, in words: other line ends, stray quotes, too many cells."""

import re
from pathlib import Path

from components.kits.tables.forms import SHOWN

ENDS = {b"\r\n": "CR LF", b"\n": "LF", b"\r": "CR"}
END = re.compile(rb"\r\n|\n|\r")
PIECE = 1 << 20
MARK = '"'


def mixed_ends(text: Path) -> str | None:
    """What to say of the first line that ends otherwise than those above it; null where all end alike."""
    line, usual, held = 0, b"", b""
    with text.open("rb") as file:
        while (piece := file.read(PIECE)) or held:
            whole, held = held + piece, b""
            if piece and whole.endswith(b"\r"):  # its LF may stand in the next piece
                whole, held = whole[:-1], b"\r"
            start = 0
            for end in END.finditer(whole):
                line += 1
                if usual and end[0] != usual:
                    shown = whole[start : end.start()].decode("utf-8", errors="replace")[-SHOWN:]
                    return (
                        f"line {line} ends in {ENDS[end[0]]} and those above it in {ENDS[usual]}: {shown!r}; write all "
                        f"ends alike, for example: perl -pi -e 's/\\r\\n?/\\n/g' {text.name}"
                    )
                usual, start = end[0], end.end()
    return None


def clipped(row: str) -> str:
    """At most `SHOWN` characters of it, as Python shows them."""
    return repr(row) if len(row) <= SHOWN else f"{row[:SHOWN]!r}…"


def stray_quotes(line: str, delimiter: str, columns: int) -> bool:
    """Whether a line of so many cells holds quotes that do not go around a whole one: `"a" b`, or one never closed."""
    cells = line.split(delimiter)
    return len(cells) == columns and any(map(_is_stray, cells))


def _is_stray(cell: str) -> bool:
    if not cell.startswith(MARK):
        return False  # a quote inside is a character like any other
    return len(cell) == 1 or not cell.endswith(MARK) or MARK in cell[1:-1].replace(MARK * 2, "")
