"""A text of any length through a bundle, some lines at a time."""

import csv
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from components.core.errors import CasebookError
from components.core.files import whole_file
from components.recipes.conversion.encoding.typed import read_lines
from components.recipes.conversion.serving.asked import Asked
from components.recipes.conversion.serving.predictor import COLUMNS, Answer, Conversion, listed_answers, open_predictor
from components.recipes.shared.stream import FrameWriter, progress

log = logging.getLogger(__name__)

CHARACTER = re.compile(r"[\u3007\u3400-\u9fff\U00020000-\U0003ffff]")  # of Chinese
NAMED = 5  # remarks that are written out; the others are counted
TABLES = (".csv", ".parquet")
TYPES = {"line": pa.int64(), "rank": pa.int32(), "text": pa.string(), "score": pa.float64()}
ANSWER = pa.schema([(name, TYPES[name]) for name in COLUMNS])


def predict_file(bundle: Path, source: Path, target: Path, options: Mapping[str, Any]) -> int:
    """Convert each line of a text in UTF-8; returns how many rows were written.

    A target that ends with .txt gets a line for each line, an empty one for an empty one; with the option
    `n_best` its answers instead, best first, after the line's number, their rank and score, between
    tabs; a text that holds a tab or a quote stands in quotes, as tables have it. Parquet, and CSV, get line, rank,
    text and score. The target appears whole or not at all.

    Raises:
        CasebookError: the file cannot be read, is empty, is not UTF-8, or no line of it can be read as pinyin.
    """
    predictor, asked = open_predictor(bundle), options.get("n_best")
    converter = predictor.converter(Asked.of(options))
    remarks = Remarks(asked or 1, knows_tones=predictor.knows_tones)
    with (
        whole_file(target) as temporary,
        progress(source, "lines") as bar,
        open_writer(temporary, target.suffix, listed=asked is not None) as writer,
    ):
        for first, lines in read_lines(source):
            answers = converter.convert(lines, n_best=asked or 1)
            remarks.add(first, answers)
            writer.write_answers(listed_answers(first, answers))
            bar.update(len(lines))
        if writer.rows == 0:
            raise CasebookError(f"{source}: the file is empty; give one with a line of pinyin for each answer")
        remarks.refuse_unread(source)
    remarks.say(source)
    return writer.rows


class Named:
    """Remarks of one kind: the first few in words, the others counted."""

    def __init__(self, what: str) -> None:
        self._what, self._said, self._count = what, list[str](), 0

    def add(self, number: int, remarks: Sequence[object]) -> None:
        self._count += len(remarks)
        self._said += [f"line {number}, {one}" for one in remarks[: NAMED - len(self._said)]]

    def all(self) -> list[str]:
        left = self._count - len(self._said)
        return [*self._said, *([f"and {left} more that {self._what}"] if left else [])]


class Remarks:
    """What could not be read, by line, and what was dropped or is less than asked: some is said, the rest counted."""

    def __init__(self, asked: int, *, knows_tones: bool) -> None:
        self._asked, self._knows_tones = asked, knows_tones
        self._illegal, self._wrong = Named("are no pinyin"), Named("have a tone that none of their characters has")
        self._invisible = self._fewer = self._toned = 0
        self._first_invisible = self._first_fewer = 0  # numbers of lines
        self._lines = self._unread = 0

    def add(self, first: int, answers: list[Conversion]) -> None:
        for number, answer in enumerate(answers, start=first):
            self._illegal.add(number, answer.illegal)
            self._lines += bool(answer.text.strip())
            self._unread += bool(answer.illegal) and CHARACTER.search(answer.text) is None
            self._wrong.add(number, answer.wrong)
            self._toned += answer.toned
            if answer.invisible:
                self._invisible += answer.invisible
                self._first_invisible = self._first_invisible or number
            if len(answer.alternatives) < self._asked and answer.text:
                self._fewer += 1
                self._first_fewer = self._first_fewer or number

    def refuse_unread(self, source: Path) -> None:
        """Raises CasebookError if every line with something in it has what is no pinyin, and nothing that is."""
        if self._lines and self._unread == self._lines:
            first = self._illegal.all()[0]
            raise CasebookError(f"{source}: none of {self._lines} line(s) can be read as pinyin, such as {first}")

    def say(self, source: Path) -> None:
        for named in (self._illegal, self._wrong):
            for said in named.all():
                log.warning("%s: %s", source.name, said)
        if self._toned and not self._knows_tones:
            unknown = "line(s) have tones, which say nothing here: this model is of before they were kept; fit it again"
            log.warning(f"%s: %d {unknown}", source.name, self._toned)
        if self._invisible:
            dropped = "character(s) that nobody sees are dropped (zero-width, soft hyphen, NUL), the first in line"
            log.warning("%s: %d %s %d", source.name, self._invisible, dropped, self._first_invisible)
        if self._fewer:
            fewer = "line(s) have fewer answers than the %d asked for, the first in line %d: there are no more readings"
            log.warning(f"%s: %d {fewer}", source.name, self._fewer, self._asked, self._first_fewer)


def open_writer(path: Path, suffix: str, *, listed: bool) -> "TableWriter | TextWriter":
    """To a table of the kind that a suffix names, or else to a text."""
    return TableWriter(path, suffix) if suffix in TABLES else TextWriter(path, listed=listed)


class TableWriter(FrameWriter):
    """Answers to a table with the columns of `ANSWER`."""

    def __init__(self, path: Path, suffix: str) -> None:
        super().__init__(path, suffix, fields=ANSWER)

    def __enter__(self) -> Self:
        return self

    def write_answers(self, answers: Iterable[Answer]) -> None:
        import pandas as pd

        self.write(pd.DataFrame(list(answers), columns=ANSWER.names))


class TextWriter:
    """Answers to a text: each alone, or `listed` after line, rank and score."""

    def __init__(self, path: Path, *, listed: bool) -> None:
        self.rows = 0
        self._file, self._listed = path.open("w", encoding="utf-8", newline=""), listed
        self._table = csv.writer(self._file, delimiter="\t", lineterminator="\n")

    def __enter__(self) -> "TextWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write_answers(self, answers: Iterable[Answer]) -> None:
        for line, rank, text, score in answers:
            if self._listed:
                self._table.writerow((line, rank, f"{score:.4f}", text))
            else:
                self._file.write(f"{text}\n")
            self.rows += 1
