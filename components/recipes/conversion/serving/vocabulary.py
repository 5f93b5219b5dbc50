"""The words of a lattice by their symbols: their texts, their characters and how likely they are elsewhere."""

from collections.abc import Sequence
from functools import cached_property
from typing import overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.recipes.conversion.encoding.ngrams import FIRST, values_of
from components.recipes.conversion.serving.arcs import CHARACTERS, code_points
from components.recipes.conversion.serving.beam import Spelling
from components.recipes.conversion.serving.lattice import ranges


class Words(Sequence[str]):
    """Texts cut from one that holds them end to end, when they are asked for."""

    def __init__(self, whole: str, start: np.ndarray) -> None:
        self._whole, self._start = whole, start

    def __len__(self) -> int:
        return len(self._start) - 1

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        place = range(len(self))[place]
        return self._whole[self._start[place] : self._start[place + 1]]


class Vocabulary:
    """V symbols; `points` are the characters of all words end to end, `start (V + 1,)` says whose."""

    def __init__(
        self, texts: "Sequence[str] | pa.Array", log_q: np.ndarray, kinds: "Sequence[str] | pa.Array | None" = None
    ) -> None:
        """`log_q (V,)`: the log p of the words outside the corpus; `kinds`: their parts of speech, or what stands for
        them. The first `FIRST` symbols are no words.
        """
        words = pa.array(texts, pa.string()) if not isinstance(texts, pa.Array) else texts
        sizes = values_of(pc.utf8_length(words)).astype(np.int64)
        sizes[:FIRST] = 0
        self.start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        whole = end_to_end(words[FIRST:])
        self.texts, self.points, self.log_q = Words(whole, self.start), code_points(whole), log_q
        kinds = [""] * len(words) if kinds is None else kinds
        self._kinds = kinds if isinstance(kinds, pa.Array) else pa.array(kinds, pa.string())

    @classmethod
    def read(cls, table: pa.Table) -> "Vocabulary":
        """From rows `word`, `log_q`, `kind`, those of symbol 0 first."""
        return cls(
            table["word"].combine_chunks(),
            values_of(table["log_q"].combine_chunks()),
            table["kind"].combine_chunks(),
        )

    def longer(self, texts: Sequence[str], log_q: np.ndarray, kind: str) -> "Vocabulary":
        """With further words, all of one kind."""
        mine = pa.concat_arrays([pa.array(self.texts, pa.string()), pa.array(texts, pa.string())])
        kinds = pa.concat_arrays([self._kinds, pa.array([kind] * len(texts), self._kinds.type)])
        return Vocabulary(mine, np.concatenate([self.log_q, log_q]), kinds)

    @cached_property
    def spelling(self) -> Spelling:
        return Spelling(self.points, self.start)

    @cached_property
    def values(self) -> dict[str, np.ndarray]:
        """Hashes `(V,) uint64` of the word, its kind, its first and its last character: the same for the same text,
        whatever the symbols.
        """
        coded = self._kinds.dictionary_encode()
        kinds, of_kind = coded.dictionary.to_pylist(), values_of(coded.indices)
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


def end_to_end(texts: pa.StringArray) -> str:
    """One text of all: a Python text of each word costs more than most answers."""
    _, offsets, content = texts.buffers()
    if content is None or not len(texts):
        return ""
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return bytes(memoryview(content)[ends[0] : ends[-1]]).decode("utf-8")
