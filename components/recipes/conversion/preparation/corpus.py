"""Lines of a raw text to clauses: stretches of hanzi between punctuation, with the words that they are made of."""

import codecs
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from components.core.errors import CasebookError

HANZI = re.compile(r"[\u4e00-\u9fff]+")  # without 〇, which stands in numbers beside full-width digits
STRETCH = re.compile(r"[\u4e00-\u9fff]+|[^\u4e00-\u9fff]+")
TOKEN = re.compile(r"\[?(?P<word>\S+)/(?P<tag>[A-Za-z]+)(?:\][A-Za-z]*)?")  # brackets hold names of several words
PUNCTUATION = "w"
LOOKED_AT = 100  # lines by which a text shows its form


class Words(NamedTuple):
    """Those of a clause, and the tag of each where the text has them."""

    texts: list[str]
    tags: list[str] | None


Cutter = Callable[[str], list[Words] | str]


@dataclass(frozen=True)
class Line:
    """`number` counts from 1. `broken` says why there are no `clauses`."""

    number: int
    text: str
    clauses: Sequence[Words]
    broken: str | None


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines, blank ones too, without their ends and a byte-order mark.

    Raises:
        CasebookError: no such file, an empty one, or not UTF-8.
    """
    if not path.is_file():
        raise CasebookError(f"{path}: no such file; fetch it into the raw folder, or correct prepare.file")
    with path.open("rb") as file:
        number = 0
        for number, raw in enumerate(file, start=1):
            content = raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw
            yield number, _decode(content, number, path).rstrip("\r\n")
    if number == 0:
        raise CasebookError(f"{path}: the file is empty; give one with a sentence a line")


def _decode(content: bytes, number: int, path: Path) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CasebookError(
            f"{path}: not UTF-8: byte 0x{content[error.start]:02x} in line {number}; convert it, for example: "
            f"iconv -f GB18030 -t UTF-8 {path.name} > {path.stem}.utf8{path.suffix}"
        ) from None
    if "\0" in text:
        raise CasebookError(f"{path}: not UTF-8 text: a zero byte in line {number}; save it as text in UTF-8")
    return text


def cut_lines(path: Path, cut: Cutter, wanted: Callable[[int], bool] = lambda _: True) -> Iterator[Line]:
    """Lines of the `wanted` numbers that are not blank, cut by the cutter of their form."""
    for number, text in read_lines(path):
        if wanted(number) and text.strip():
            found = cut(text)
            yield Line(number, text, (), found) if isinstance(found, str) else Line(number, text, found, None)


def cut_segmented(line: str) -> list[Words] | str:
    """Clauses of `word/tag` tokens between blanks, or why it has none.

    A word that mixes hanzi and others is cut inside; both parts of it stay words, with its tag.
    """
    clauses: list[Words] = []
    texts: list[str] = []
    tags: list[str] = []
    for token in line.split():
        match = TOKEN.fullmatch(token)
        if match is None:
            return f"{token[:40]!r} is no word/tag"
        for stretch in STRETCH.findall(match["word"]) if match["tag"] != PUNCTUATION else [""]:
            if HANZI.fullmatch(stretch):
                texts.append(stretch)
                tags.append(match["tag"])
            elif texts:
                clauses.append(Words(texts, tags))
                texts, tags = [], []
    return [*clauses, Words(texts, tags)] if texts else clauses


def plain_cutter(words: Callable[[str], Iterator[str]]) -> Cutter:
    """A cutter of any text, whose clauses `words` cuts into words."""
    return lambda line: [Words(list(words(clause)), None) for clause in HANZI.findall(line)]


def check_form(path: Path, form: str) -> None:
    """Raises CasebookError if the first lines are those of the other form; reads no further."""
    tagged, seen = 0, 0
    for _, text in read_lines(path):
        tokens = text.split()
        seen += bool(tokens)
        tagged += bool(tokens) and all(TOKEN.fullmatch(token) for token in tokens)
        if seen == LOOKED_AT:
            break
    if form == "plain" and 2 * tagged > seen:
        raise CasebookError(
            f"{path}: {tagged} of its first {seen} lines are word/tag tokens, and prepare.form is plain; "
            "set it to segmented"
        )
    if form == "segmented" and seen and not tagged:
        raise CasebookError(
            f"{path}: none of its first {seen} lines is made of word/tag tokens, and prepare.form is segmented; "
            "set it to plain for text without words and tags"
        )
