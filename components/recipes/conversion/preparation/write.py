"""Clauses to the files of a prepared folder, a piece at a time, and the counts that are taken on the way."""

from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from components.core.job import PREPARED_FILES
from components.recipes.conversion.preparation.corpus import Words
from components.recipes.conversion.preparation.pairs import Pair
from components.recipes.conversion.preparation.split import ORDER

ROWS = 1 << 16  # of a row group; the bytes depend on the rows alone
CLAUSES = pa.schema(
    {
        "clause": pa.int64(),
        "line": pa.int64(),
        "text": pa.string(),
        "words": pa.list_(pa.int8()),
        "tags": pa.list_(pa.string()),
        "syllables": pa.string(),
    }
)
REJECTED = pa.schema({"line": pa.int64(), "text": pa.string(), "reason": pa.string()})
REJECTED_FILE = "rejected.parquet"
EXAMPLES = 3


@dataclass(frozen=True)
class Clause:
    """`number` counts all clauses of the raw file from 1; `syllables` has one for each character."""

    number: int
    line: int
    words: Words
    syllables: list[str]

    @property
    def text(self) -> str:
        return "".join(self.words.texts)

    def to_row(self) -> dict[str, Any]:
        return {
            "clause": self.number,
            "line": self.line,
            "text": self.text,
            "words": [len(word) for word in self.words.texts],
            "tags": self.words.tags,
            "syllables": " ".join(self.syllables),
        }


@dataclass(frozen=True)
class Rejected:
    line: int
    text: str
    reason: str


@dataclass
class Rows:
    """Gathers rows until a row group is full; the first few are kept as examples."""

    writer: pq.ParquetWriter
    schema: pa.Schema
    held: list[dict[str, Any]] = field(default_factory=list)
    examples: list[dict[str, Any]] = field(default_factory=list)
    written: int = 0

    def add(self, row: dict[str, Any]) -> None:
        self.held.append(row)
        self.written += 1
        if self.written <= EXAMPLES:
            self.examples.append(row)
        if len(self.held) == ROWS:
            self.flush()

    def flush(self) -> None:
        if self.held:
            self.writer.write_table(pa.Table.from_pylist(self.held, schema=self.schema))
            self.held = []


class PreparedFiles:
    """Open files of a folder, one a split and one for what is set aside; a context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stack = ExitStack()
        self.characters: Counter[str] = Counter()
        self.pairs: dict[str, Counter[Pair]] = {name: Counter() for name in ORDER}
        self.reasons: Counter[str] = Counter()
        self.known: Counter[str] = Counter()
        self.first_rejected: dict[str, Rejected] = {}

    def __enter__(self) -> "PreparedFiles":
        self.rows = {name: self._open(PREPARED_FILES[name], CLAUSES) for name in ORDER}
        self.rejected = self._open(REJECTED_FILE, REJECTED)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            for rows in (*self.rows.values(), self.rejected):
                rows.flush()
        self.stack.close()

    def keep(self, split: str, clause: Clause, *, known: bool) -> None:
        """`known` says that the same text stands in training."""
        self.rows[split].add(clause.to_row())
        self.known[split] += int(known)
        self.characters[split] += len(clause.syllables)
        self.pairs[split].update(zip(clause.syllables, clause.text, strict=True))

    def reject(self, line: int, text: str, reason: str) -> None:
        """`reason` may end with an example after a colon; what stands before it is counted."""
        kind = reason.partition(": ")[0]
        self.reasons[kind] += 1
        rejected = Rejected(line, text, reason)
        self.first_rejected.setdefault(kind, rejected)
        self.rejected.add(asdict(rejected))

    def written(self) -> dict[str, int]:
        return {name: rows.written for name, rows in self.rows.items()} | {"rejected": self.rejected.written}

    def examples(self) -> Mapping[str, Any]:
        kept = {
            name: [{"text": row["text"], "syllables": row["syllables"]} for row in rows.examples]
            for name, rows in self.rows.items()
        }
        return {**kept, "rejected": [asdict(first) for first in self.first_rejected.values()]}

    def _open(self, name: str, schema: pa.Schema) -> Rows:
        writer = self.stack.enter_context(pq.ParquetWriter(self.folder / name, schema, compression="zstd"))
        return Rows(writer, schema)
