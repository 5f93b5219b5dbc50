"""Back-off n-gram tables of words or characters: log p of a symbol after its history, for many at once."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from components.core.errors import CasebookError
from components.recipes.conversion.encoding.lookup import KeyIndex

START, END, FIRST = 0, 1, 2  # symbols; words or characters follow from FIRST
State = tuple[np.ndarray, np.ndarray]
FLOATS = {"halffloat": "float16", "float": "float32", "double": "float64"}  # Arrow's names and numpy's


@dataclass(frozen=True)
class NGrams:
    """Logarithms of probabilities and back-off weights, as in an ARPA file, in arrays. V symbols.

    A trigram's bigrams, the one it begins with and the one it ends with, are there too.
    """

    unigram: np.ndarray  # (V,) float32, log p(w)
    unigram_backoff: np.ndarray  # (V,) float32, log weight of what follows w where (w, x) is no bigram
    bigrams: np.ndarray  # (B,) int64, history * V + word, ascending
    bigram: np.ndarray  # (B,) float32, log p(word | history)
    bigram_backoff: np.ndarray  # (B,) float32
    trigrams: np.ndarray  # (T,) int64, row of the bigram (u, v) * V + word, ascending; none for order 2
    trigram: np.ndarray  # (T,) float32

    def start(self, count: int) -> State:
        """The state before the first symbol: last symbols (n,), and rows (n,) of the bigrams that end in them."""
        return np.full(count, START, np.int64), np.full(count, -1, np.int64)

    def step(self, last: np.ndarray, row: np.ndarray, word: np.ndarray) -> State:
        """`(n,)` each -> log p of `word` (n,) float64, and the row of the bigram (last, word), -1 where there is none.

        `row` is what the step to `last` gave; with -1 the history is `last` alone.
        """
        here = self._bigram_index.find(last * len(self.unigram) + word)
        return self._log_p(last, row, word, here), here

    def _log_p(self, last: np.ndarray, row: np.ndarray, word: np.ndarray, here: np.ndarray) -> np.ndarray:
        log_p: np.ndarray = self.unigram_backoff[last].astype(np.float64) + self.unigram[word]
        pairs = (here >= 0).nonzero()[0]
        log_p[pairs] = self.bigram[here[pairs]]
        known = (row >= 0).nonzero()[0]
        log_p[known] += self.bigram_backoff[row[known]]
        if len(self.trigrams):
            asked = known[here[known] >= 0]
            found = self._trigram_index.find(row[asked] * len(self.unigram) + word[asked])
            log_p[asked[found >= 0]] = self.trigram[found[found >= 0]]
        return log_p

    def score(self, symbols: np.ndarray, start: np.ndarray, *, end: bool = True) -> np.ndarray:
        """`(S,) int64` symbols of N sequences laid end to end, `start (N + 1,)`, -> `(N,)` log p of each.

        With `end` they end there; else any symbol may follow.
        """
        lengths = np.diff(start)
        owner = np.repeat(np.arange(len(lengths)), lengths)
        if end:
            symbols = np.insert(symbols, start[1:], END)
            owner = np.insert(owner, start[1:], np.arange(len(lengths)))
        first = np.diff(owner, prepend=-1) != 0
        last = np.where(first, START, np.roll(symbols, 1))
        here = self._bigram_index.find(last * len(self.unigram) + symbols)
        before = np.where(first, -1, np.roll(here, 1))
        return np.bincount(owner, self._log_p(last, before, symbols, here), len(lengths))

    def longer(self, log_p: np.ndarray) -> "NGrams":
        """With further symbols, of which no more is known than their `log_p`."""
        old, new = len(self.unigram), len(self.unigram) + len(log_p)

        def moved(keys: np.ndarray) -> np.ndarray:
            return keys // old * new + keys % old

        return NGrams(
            np.concatenate([self.unigram, log_p]), np.concatenate([self.unigram_backoff, np.zeros_like(log_p)]),
            moved(self.bigrams), self.bigram, self.bigram_backoff, moved(self.trigrams), self.trigram,
        )  # fmt: skip

    def fill(self) -> None:
        """The indices, which otherwise some question that comes later waits for."""
        self._bigram_index.fill()
        self._trigram_index.fill()

    @property
    def nbytes(self) -> int:
        """Memory of the arrays and of the indices over them."""
        arrays = sum(getattr(self, field.name).nbytes for field in fields(self))
        return int(arrays + self._bigram_index.nbytes + self._trigram_index.nbytes)

    @cached_property
    def _bigram_index(self) -> KeyIndex:
        return KeyIndex(self.bigrams)

    @cached_property
    def _trigram_index(self) -> KeyIndex:
        return KeyIndex(self.trigrams)

    def to_contents(self, name: str) -> dict[str, bytes]:
        """Parquet files by file name, for a bundle; logarithms as float16, which errs by less than 0.4%."""
        one = {"log_p": self.unigram, "backoff": self.unigram_backoff}
        two = {"key": self.bigrams, "log_p": self.bigram, "backoff": self.bigram_backoff}
        three = {"key": self.trigrams, "log_p": self.trigram}
        tables = zip(file_names(name), (one, two, three), strict=True)
        return {file: compact_parquet(columns) for file, columns in tables}


def file_names(name: str) -> tuple[str, str, str]:
    """Of the unigrams, bigrams and trigrams."""
    return f"{name}_unigrams.parquet", f"{name}_bigrams.parquet", f"{name}_trigrams.parquet"


def read_ngrams(folder: Path, name: str) -> NGrams:
    """What `to_contents` made, from files in a folder.

    Raises:
        CasebookError: a file is missing or unreadable.
    """
    one, two, three = (read_columns(folder / file) for file in file_names(name))
    return NGrams(one["log_p"], one["backoff"], two["key"], two["log_p"], two["backoff"], three["key"], three["log_p"])


def compact_parquet(columns: Mapping[str, np.ndarray]) -> bytes:
    """Ascending integers as their differences, floats as float16 with their bytes apart, both by zstd."""
    floats = {name for name, values in columns.items() if values.dtype.kind == "f"}
    arrays = {name: values.astype(np.float16) if name in floats else values for name, values in columns.items()}
    encoding = {name: "BYTE_STREAM_SPLIT" if name in floats else "DELTA_BINARY_PACKED" for name in columns}
    buffer = io.BytesIO()
    pq.write_table(
        pa.table(arrays), buffer, compression="zstd", compression_level=9, use_dictionary=False,
        column_encoding=encoding, write_statistics=False,
    )  # fmt: skip
    return buffer.getvalue()


def read_parquet(path: Path) -> pa.Table:
    """A whole file. Arrow's own `read_table` loads what reads folders of them, and pandas with it."""
    with pq.ParquetFile(path) as file:
        return file.read()


def values_of(array: pa.Array) -> np.ndarray:
    """Numbers or truths without a null as they lie in memory: Arrow's own way to numpy loads pandas first."""
    assert not array.null_count
    if pa.types.is_boolean(array.type):
        return values_of(array.cast(pa.uint8())).astype(bool)
    kind = np.dtype(FLOATS.get(str(array.type), str(array.type)))
    values: np.ndarray = np.frombuffer(array.buffers()[1] or b"", kind)[array.offset : array.offset + len(array)]
    return values


def read_columns(path: Path) -> dict[str, np.ndarray]:
    """Columns by name; float16 becomes float32, with which numpy is faster.

    Raises:
        CasebookError: the file is missing or unreadable.
    """
    try:
        table = read_parquet(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise CasebookError(f"{path}: cannot be read: {error}; fit the case again") from error
    columns = {name: values_of(table[name].combine_chunks()) for name in table.column_names}
    return {
        name: values.astype(np.float32) if values.dtype == np.float16 else values for name, values in columns.items()
    }
