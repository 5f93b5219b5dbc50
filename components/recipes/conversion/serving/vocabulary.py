"""The words of a lattice by their symbols: their texts, their characters and how likely they are elsewhere."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa

from components.recipes.conversion.encoding.ngrams import FIRST
from components.recipes.conversion.serving.arcs import CHARACTERS, code_points
from components.recipes.conversion.serving.beam import Spelling
from components.recipes.conversion.serving.lattice import ranges


class Vocabulary:
    """V symbols; `points` are the characters of all words end to end, `start (V + 1,)` says whose."""

    def __init__(self, texts: Sequence[str], log_q: np.ndarray, kinds: Sequence[str] | None = None) -> None:
        """`log_q (V,)`: the log p of the words outside the corpus; `kinds`: their parts of speech, or what stands for
        them. The first `FIRST` symbols are no words.
        """
        words = ["" if symbol < FIRST else text for symbol, text in enumerate(texts)]
        self.texts, self.log_q, self.kinds = tuple(words), log_q, kinds or [""] * len(words)
        self.points = code_points("".join(words))
        self.start = np.concatenate([[0], np.cumsum([len(word) for word in words])]).astype(np.int64)

    @classmethod
    def read(cls, table: pa.Table) -> "Vocabulary":
        """From rows `word`, `log_q`, `kind`, those of symbol 0 first."""
        return cls(table["word"].to_pylist(), table["log_q"].to_numpy(), table["kind"].to_pylist())

    @cached_property
    def spelling(self) -> Spelling:
        return Spelling(self.points, self.start)

    @cached_property
    def values(self) -> dict[str, np.ndarray]:
        """Hashes `(V,) uint64` of the word, its kind, its first and its last character: the same for the same text,
        whatever the symbols.
        """
        kinds, of_kind = np.unique(np.array(self.kinds, dtype=object), return_inverse=True)
        hashed = Spelling(code_points("".join(kinds)), np.cumsum([0, *map(len, kinds)]).astype(np.int64))
        points = np.append(self.points, 0)  # which the bounds, without characters, read
        return {
            "word": self.spelling.value,
            "kind": hashed.value[of_kind],
            "first": points[self.start[:-1]].astype(np.uint64),
            "last": points[self.start[1:] - 1].astype(np.uint64),
        }

    def sizes(self, symbols: np.ndarray) -> np.ndarray:
        """How many characters each has."""
        found: np.ndarray = self.start[symbols + 1] - self.start[symbols]
        return found

    def places(self, symbols: np.ndarray) -> np.ndarray:
        """Where in `points` the characters of the symbols are, those of the first symbol first."""
        return ranges(self.start[symbols], self.sizes(symbols))

    def character_symbols(self, characters: Sequence[str]) -> np.ndarray:
        """The symbols of `points` in a table whose row k is the character of symbol k."""
        symbol = np.zeros(CHARACTERS, np.int64)
        for number, one in enumerate(characters):
            if number >= FIRST:
                symbol[ord(one)] = number
        found: np.ndarray = symbol[self.points]
        return found
