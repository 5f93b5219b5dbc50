"""Associations: how often two characters stand side by side in a large text outside the corpus."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from components.recipes.conversion.encoding.lookup import KeyIndex
from components.recipes.conversion.encoding.ngrams import FIRST, START, compact_parquet, read_columns

UNSEEN = -17.0  # log p of a pair or character that the table lacks; the rarest that it has are near -16
BACKED_OFF = 0.05  # share of a character's own probability in that after another
MOST_REPELLED, MOST_ATTRACTED = -4.0, 9.0  # log ratios beyond say no more than that nothing was seen


@dataclass(frozen=True)
class Associations:
    """Log joint probabilities of adjacent characters, C symbols; `START` before a character stands for the character
    alone.
    """

    size: int
    pairs: np.ndarray  # (P,) int64, before * C + after, ascending
    joint: np.ndarray  # (P,) float32

    @cached_property
    def character(self) -> np.ndarray:
        """`(C,)` float32 log p of each character."""
        alone = np.full(self.size, UNSEEN, np.float32)
        own = self.pairs < (START + 1) * self.size
        alone[self.pairs[own] - START * self.size] = self.joint[own]
        return alone

    def distribution(self) -> np.ndarray:
        """`(C,)` probabilities of the characters, of those that the table lacks too; they sum to 1."""
        probability = np.exp(self.character.astype(np.float64))
        probability[:FIRST] = 0
        distribution: np.ndarray = probability / probability.sum()
        return distribution

    def pair(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """`(n,), (n,) -> (n,)` log p of the two side by side."""
        row = self._index.find(before * self.size + after)
        return np.where(row >= 0, self.joint[row], UNSEEN) if len(self.joint) else np.full(len(row), UNSEEN)

    def attraction(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """`(n,), (n,) -> (n,)` pointwise mutual information: log p(ab) / (p(a) p(b)), within bounds."""
        ratio = self.pair(before, after) - self.character[before] - self.character[after]
        return np.clip(ratio, MOST_REPELLED, MOST_ATTRACTED)

    def after(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """`(n,), (n,) -> (n,)` log p(after | before); before the first character stands `START`."""
        seen = np.minimum(self.pair(before, after) - self.character[before], 0) + np.log1p(-BACKED_OFF)
        mixed = np.logaddexp(seen, np.log(BACKED_OFF) + self.character[after])
        return np.where(before == START, self.character[after], mixed)

    def fill(self) -> None:
        """The index, which otherwise some question that comes later waits for."""
        self._index.fill()

    @property
    def nbytes(self) -> int:
        """Memory of the arrays and of the index over them."""
        return int(self.pairs.nbytes + self.joint.nbytes + self._index.nbytes)

    @cached_property
    def _index(self) -> KeyIndex:
        return KeyIndex(self.pairs)

    def to_content(self) -> bytes:
        """A Parquet file; logarithms as float16."""
        return compact_parquet({"key": self.pairs, "log_p": self.joint})


def make_associations(characters: dict[int, float], pairs: dict[tuple[int, int], float], size: int) -> Associations:
    """From log probabilities by symbol, and by two of them, which are from `FIRST` on."""
    both = {(START, symbol): log_p for symbol, log_p in characters.items()} | pairs
    assert all(FIRST <= after < size for _, after in both)
    keys = np.array([before * size + after for before, after in both], np.int64)
    order = np.argsort(keys)
    return Associations(size, keys[order], np.array(list(both.values()), np.float32)[order])


def read_associations(path: Path, size: int) -> Associations:
    """What `to_content` made; `size` is how many symbols the characters have.

    Raises:
        CasebookError: the file is missing or unreadable.
    """
    columns = read_columns(path)
    return Associations(size, columns["key"], columns["log_p"])
