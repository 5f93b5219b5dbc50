"""Windows around each syllable: which known n-grams of syllables stand there. No torch."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from components.recipes.conversion.encoding.lookup import KeyIndex
from components.recipes.conversion.encoding.ngrams import compact_parquet, read_columns
from components.recipes.conversion.params.windows import WindowParams

# First and last place of each window, counted from the syllable that it is read for.
WINDOWS = ((-1, 0), (0, 1), (-2, 0), (-1, 1), (0, 2), (-3, 0), (-2, 1), (-1, 2), (0, 3))
ORDERS = (2, 3, 4)
WINDOWS_FILE = "windows.parquet"

NOTHING, EDGE = 0, 1  # digits of a key; syllable number k, from 1, is the digit k + 1
BASE = 1 << 12
GAP = 3  # edge, nothing, edge: no n-gram reaches from one clause into the next


@dataclass(frozen=True)
class Windows:
    """The known n-grams of syllables; that of `keys[k]` has the id k + 1, and 0 stands for all others.

    A key's digits, to the base `BASE`, are the n-gram's syllables and the edge of a clause.
    """

    keys: np.ndarray  # (K,) int64, ascending

    @classmethod
    def fit(cls, syllables: np.ndarray, start: np.ndarray, params: WindowParams) -> "Windows":
        """From the syllables of a text, laid out as for `ids`."""
        line, _ = _line(syllables, start, edges=True)
        found = [np.unique(keys[keys > 0], return_counts=True) for keys in _keys(line)]
        kept = [counts >= least for (_, counts), least in zip(found, params.least, strict=True)]
        keys = np.concatenate([keys[keep] for (keys, _), keep in zip(found, kept, strict=True)])
        counts = np.concatenate([counts[keep] for (_, counts), keep in zip(found, kept, strict=True)])
        most = np.argsort(-counts, kind="stable")[: params.most]  # of equal ones the shorter n-grams
        return cls(np.sort(keys[most]))

    def with_pairs_of(self, syllables: np.ndarray, start: np.ndarray) -> "Windows":
        """With every two syllables that stand side by side in some words, too."""
        line, _ = _line(syllables, start, edges=False)
        pairs = _keys(line)[0]
        return Windows(np.union1d(self.keys, pairs[pairs > 0]))

    def ids(self, syllables: np.ndarray, start: np.ndarray, *, edges: bool = True) -> np.ndarray:
        """`(N, W) int32`, W = `len(WINDOWS)`: the ids of the n-grams in the windows around each syllable.

        `syllables (N,)` are the numbers, from 1, of the syllables of S clauses laid end to end, that
        of clause s at `start[s]:start[s + 1]`; `start (S + 1,)`. None of them is empty. Without
        `edges` nobody knows what stands before and after them, as with a dictionary's words.
        """
        line, place = _line(syllables, start, edges=edges)
        by_order = [(self._index.find(keys) + 1).astype(np.int32) for keys in _keys(line)]
        return np.stack([by_order[last - first - 1][place + first] for first, last in WINDOWS], axis=1)

    @cached_property
    def _index(self) -> KeyIndex:
        return KeyIndex(self.keys)

    def to_contents(self) -> dict[str, bytes]:
        """A Parquet file by its name, for a bundle."""
        return {WINDOWS_FILE: compact_parquet({"key": self.keys})}


def read_windows(folder: Path) -> Windows:
    """What `to_contents` made.

    Raises:
        CasebookError: the file is missing or unreadable.
    """
    return Windows(read_columns(folder / WINDOWS_FILE)["key"])


def _line(syllables: np.ndarray, start: np.ndarray, *, edges: bool) -> tuple[np.ndarray, np.ndarray]:
    """All clauses as digits in one line, and the places `(N,)` of the syllables; with `edges` one on both sides of
    each clause.
    """
    count, clauses = len(syllables), len(start) - 1
    place = np.arange(count) + GAP * (1 + np.repeat(np.arange(clauses), np.diff(start)))
    line = np.full(count + GAP * (clauses + 1) + max(ORDERS), NOTHING, np.int64)
    line[place] = syllables.astype(np.int64) + 1
    if edges:
        line[place[start[:-1]] - 1] = EDGE
        line[place[start[1:] - 1] + 1] = EDGE
    return line, place


def _keys(line: np.ndarray) -> list[np.ndarray]:
    """For each order, the key of the n-gram that begins at each place of the line, 0 where there is none."""
    keys, found = line, []
    for order in ORDERS:
        following = np.append(line[order - 1 :], np.full(order - 1, NOTHING))
        keys = np.where((keys > 0) & (following > 0), keys * BASE + following, NOTHING)
        found.append(keys)
    return found
