"""A text of any length through a bundle, some lines at a time."""

import codecs
import logging
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import IO, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from components.errors import CasebookError
from components.files import whole_file
from components.predictors.conversion.predictor import Conversion, open_predictor

log = logging.getLogger(__name__)

BATCH_LINES = 1_000
NAMED = 5  # remarks that are written out; the others are counted
TEXT = ".txt"
ANSWER = pa.schema([("line", pa.int64()), ("rank", pa.int32()), ("text", pa.string()), ("score", pa.float64())])


def predict_file(bundle: Path, source: Path, target: Path, options: Mapping[str, Any]) -> int:
    """Convert each line of a text in UTF-8; returns how many rows were written.

    A target that ends with .txt gets a line for each line, an empty one for an empty one; with the option
    `n_best` its answers instead, best first, after the line's number, their rank and score, between
    tabs. Parquet, and CSV, get line, rank, text and score. The target appears whole or not at all.

    Raises:
        CasebookError: the file cannot be read, is empty, or is not UTF-8.
    """
    predictor, asked = open_predictor(bundle), options.get("n_best")
    remarks = Remarks()
    rows = 0
    with whole_file(target) as temporary, tqdm(unit=" lines", desc=source.name, disable=None, leave=False) as bar:
        with Writer(temporary, target.suffix, listed=asked is not None) as writer:
            for first, lines in read_lines(source):
                answers = predictor.convert(lines, n_best=asked or 1)
                remarks.add(first, answers)
                rows += writer.write(first, answers)
                bar.update(len(lines))
        if rows == 0:
            raise CasebookError(f"{source}: the file is empty; give one with a line of pinyin for each answer")
    remarks.say(source)
    return rows


class Remarks:
    """What could not be read, by line: some of it is said, and how much there is."""

    def __init__(self) -> None:
        self._said: list[str] = []
        self._count = 0

    def add(self, first: int, answers: list[Conversion]) -> None:
        for number, answer in enumerate(answers, start=first):
            self._count += len(answer.illegal)
            self._said += [f"line {number}, {one}" for one in answer.illegal[: NAMED - len(self._said)]]

    def say(self, source: Path) -> None:
        for said in self._said:
            log.warning("%s: %s", source.name, said)
        if self._count > len(self._said):
            log.warning("%s: and %d more that are no pinyin", source.name, self._count - len(self._said))


class Writer:
    """Answers to a file of the kind that a suffix names."""

    def __init__(self, path: Path, suffix: str, *, listed: bool) -> None:
        self._path, self._suffix, self._listed = path, suffix, listed
        self._file: IO[str] | None = None
        self._parquet: pq.ParquetWriter | None = None

    def __enter__(self) -> "Writer":
        if self._suffix == ".parquet":
            self._parquet = pq.ParquetWriter(self._path, ANSWER, compression="zstd")
        else:
            self._file = self._path.open("w", encoding="utf-8", newline="")
            if self._suffix == ".csv":
                self._file.write(",".join(ANSWER.names) + "\n")
        return self

    def __exit__(self, *_: object) -> None:
        for open_one in (self._parquet, self._file):
            if open_one is not None:
                open_one.close()

    def write(self, first: int, answers: list[Conversion]) -> int:
        """The number of rows written."""
        if self._file is not None and self._suffix != ".csv" and not self._listed:
            self._file.writelines(f"{answer.text}\n" for answer in answers)
            return len(answers)
        rows = [
            (number, rank, text, score)
            for number, answer in enumerate(answers, start=first)
            for rank, (text, score) in enumerate(answer.alternatives, start=1)
        ]
        if self._parquet is not None:
            self._parquet.write_table(pa.table(dict(zip(ANSWER.names, zip(*rows, strict=True), strict=True)), ANSWER))
        elif self._suffix == ".csv":
            pd.DataFrame(rows, columns=ANSWER.names).to_csv(self._file, index=False, header=False)
        else:
            assert self._file is not None
            self._file.writelines(f"{number}\t{rank}\t{score:.4f}\t{text}\n" for number, rank, text, score in rows)
        return len(rows)


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
