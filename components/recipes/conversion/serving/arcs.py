"""Words by the syllables that spell them: the arcs that a lattice can be made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.core.errors import CasebookError
from components.recipes.conversion.encoding.lookup import KeyIndex
from components.recipes.conversion.encoding.ngrams import FIRST, values_of

if TYPE_CHECKING:  # it reads code points, too
    from components.recipes.conversion.serving.vocabulary import Vocabulary

CHARACTERS = 0x110000  # more than any code point


class Candidates:
    """The characters that each syllable can be read as. Syllables are numbered from 1 in their sorted order."""

    def __init__(self, pairs: Mapping[str, str]) -> None:
        """`pairs` as in `meta.data["pairs"]`: characters by syllable."""
        self.syllables = tuple(sorted(pairs))
        self.characters = tuple(pairs[one] for one in self.syllables)
        self.number = {one: number for number, one in enumerate(self.syllables, start=1)}
        self.by_syllable = dict(zip(self.syllables, self.characters, strict=True))
        self.most = max(map(len, self.characters))
        sizes = np.array([len(one) for one in self.characters])
        code = np.repeat(np.arange(1, len(sizes) + 1), sizes) * CHARACTERS + code_points("".join(self.characters))
        self._order = np.argsort(code)
        self._code = code[self._order]
        self._place = np.arange(len(code)) - np.repeat(np.cumsum(sizes) - sizes, sizes)

    def places(self, syllables: np.ndarray, characters: np.ndarray) -> np.ndarray:
        """Numbers and code points, of one shape, to the place among the syllable's characters; -1 where it has not."""
        asked = syllables.astype(np.int64) * CHARACTERS + characters
        near = np.minimum(np.searchsorted(self._code, asked), len(self._code) - 1)
        return np.where(self._code[near] == asked, self._place[self._order[near]], -1)


@dataclass(frozen=True)
class Arcs:
    """Words of k syllables: A arcs by ascending key, the likelier word first; K different keys."""

    key: np.ndarray  # (K,) int64
    first: np.ndarray  # (K + 1,) int64, rows of the arcs of each key
    word: np.ndarray  # (A,) int64, symbol
    other: np.ndarray  # (A,) bool, a reading that the character alone seldom has
    syllables: np.ndarray  # (A, k) int16, numbers
    places: np.ndarray  # (A, k) int16, of the characters among the syllables' candidates

    def find(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The first row and the number of rows of each key, 0 where there is none."""
        at = self._index.find(keys)
        return self.first[at], np.where(at >= 0, self.first[at + 1] - self.first[at], 0)

    @cached_property
    def _index(self) -> KeyIndex:
        return KeyIndex(self.key)

    def capped(self, cap: int) -> "Arcs":
        """The likeliest `cap` of each key."""
        count = np.diff(self.first)
        if count.max(initial=0) <= cap:
            return self
        kept = np.arange(len(self.word)) - np.repeat(self.first[:-1], count) < cap
        first = np.concatenate([[0], np.cumsum(np.minimum(count, cap))]).astype(np.int64)
        columns = (self.word, self.other, self.syllables, self.places)
        return Arcs(self.key, first, *(column[kept] for column in columns))


class ArcTable:
    """The arcs of 1, 2, ... syllables; a key writes syllable numbers in base `base`, the first one leading."""

    def __init__(self, by_length: Mapping[int, Arcs], base: int) -> None:
        self.by_length, self.base = dict(sorted(by_length.items())), base

    def key(self, syllables: np.ndarray) -> np.ndarray:
        """`(N, k) -> (N,)`."""
        return syllables.astype(np.int64) @ powers(self.base, syllables.shape[1])

    def capped(self, caps: Sequence[int]) -> "ArcTable":
        """The likeliest words of the same 1, 2, ... syllables, so many of each."""
        return ArcTable(
            {k: self.by_length[k].capped(cap) for k, cap in enumerate(caps, 1) if k in self.by_length}, self.base
        )


def powers(base: int, length: int) -> np.ndarray:
    return np.power(np.int64(base), np.arange(length - 1, -1, -1, dtype=np.int64))


def read_arcs(table: pa.Table, words: "Vocabulary", candidates: Candidates, caps: Sequence[int]) -> ArcTable:
    """From rows `word`, `syllables`, `other`, the likelier words of the same syllables first.

    `caps` bounds the words of the same 1, 2, ... syllables; longer words are left out. So are words
    with a character that its syllable has not among its candidates.

    Raises:
        CasebookError: a syllable is left without any word of its own.
    """
    spelled = pc.split_pattern(table["syllables"].combine_chunks(), " ")
    length = values_of(pc.list_value_length(spelled))
    flat = _numbers(spelled.flatten(), candidates)
    start = np.concatenate([[0], np.cumsum(length)])
    word, other = (values_of(table[name].combine_chunks()) for name in ("word", "other"))
    word = word.astype(np.int64)
    base = len(candidates.syllables) + 1
    by_length = {}
    for k, cap in enumerate(caps, start=1):
        rows = np.flatnonzero(length == k)
        syllables = flat[start[rows][:, None] + np.arange(k)]
        characters = words.points[words.start[word[rows]][:, None] + np.arange(k)]
        arcs = _make(word[rows], other[rows], syllables, candidates.places(syllables, characters), base, cap)
        if len(arcs.word):
            by_length[k] = arcs
    _check(by_length, candidates)
    return ArcTable(by_length, base)


def character_arcs(candidates: Candidates, symbols: Mapping[str, int], words: ArcTable) -> ArcTable:
    """Every character of every syllable as an arc; `symbols` are those of a model of characters.

    A reading that a character seldom has is known from `words`; one that is not among these is another such.
    """
    alone = words.by_length[1]
    own = np.zeros((len(candidates.syllables) + 1, candidates.most), bool)
    own[alone.syllables[~alone.other, 0], alone.places[~alone.other, 0]] = True
    rows = [
        (number, place, symbols[one])
        for number, characters in enumerate(candidates.characters, start=1)
        for place, one in enumerate(characters)
        if one in symbols
    ]
    syllable, place, word = np.array(rows, np.int64).reshape(-1, 3).T
    arcs = _make(word, ~own[syllable, place], syllable[:, None], place[:, None], words.base, candidates.most)
    _check({1: arcs}, candidates)
    return ArcTable({1: arcs}, words.base)


def _make(word: np.ndarray, other: np.ndarray, syllables: np.ndarray, places: np.ndarray, base: int, cap: int) -> Arcs:
    key = syllables.astype(np.int64) @ powers(base, syllables.shape[1])
    order = np.argsort(key, kind="stable")
    legal: np.ndarray = np.all((places >= 0) & (syllables > 0), axis=1)
    order = order[legal[order]]
    different, count = np.unique(key[order], return_counts=True)
    rank = np.arange(len(order)) - np.repeat(np.cumsum(count) - count, count)
    kept, count = order[rank < cap], np.minimum(count, cap)
    first = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    return Arcs(
        different, first, word[kept], other[kept], syllables[kept].astype(np.int16), places[kept].astype(np.int16)
    )


def _numbers(syllables: pa.Array, candidates: Candidates) -> np.ndarray:
    """0 for what is no syllable of the case."""
    coded = syllables.dictionary_encode()
    number = np.array([candidates.number.get(one, 0) for one in coded.dictionary.to_pylist()], np.int64)
    found: np.ndarray = number[values_of(coded.indices)]
    return found


def _check(by_length: Mapping[int, Arcs], candidates: Candidates) -> None:
    spelled = set(by_length[1].key.tolist()) if 1 in by_length else set()
    if without := [one for one, number in candidates.number.items() if number not in spelled]:
        raise CasebookError(
            f"arcs: {len(without)} syllable(s) without a word of one character, such as {without[0]!r}; "
            "fit the case again"
        )


def code_points(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le"), np.uint32).astype(np.int64)


def character_symbols(characters: Sequence[str]) -> dict[str, int]:
    """Symbols of a table whose rows are symbols, the first `FIRST` of them no characters."""
    return {one: symbol for symbol, one in enumerate(characters) if symbol >= FIRST}
