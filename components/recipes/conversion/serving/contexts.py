"""Which words, kinds of words and characters stand together in right readings: a linear model of hashed features."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from components.recipes.conversion.encoding.ngrams import compact_parquet, read_columns
from components.recipes.conversion.serving.arcs import CHARACTERS as POINTS
from components.recipes.conversion.serving.beam import FACTOR
from components.recipes.conversion.serving.lattice import stretches
from components.recipes.conversion.serving.vocabulary import Vocabulary

GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing, as in `lookup`
CODES = np.arange(POINTS, dtype=np.uint64)
AHEAD = 2  # places before and after a reading that its features may ask for

# What is looked at, and how many words or characters further on.
Template = tuple[tuple[Literal["word", "kind", "first", "last", "point"], int], ...]
# Of each word, and those that look at none behind it of a reading's end, too.
WORDS: tuple[Template, ...] = (
    (("word", 0),),
    (("word", -1), ("word", 0)),
    (("word", -2), ("word", 0)),
    (("kind", -1), ("kind", 0)),
    (("kind", -2), ("kind", -1), ("kind", 0)),
    (("kind", -1), ("word", 0)),
    (("word", -1), ("kind", 0)),
    (("kind", -1), ("word", 0), ("kind", 1)),
    (("kind", -2), ("word", 0)),
    (("word", 0), ("kind", 1), ("kind", 2)),
    (("kind", -1), ("word", 0), ("word", 1)),
    (("word", -1), ("word", 0), ("kind", 1)),
)
# Of words of one character, which are the hardest to tell apart.
ALONE: tuple[Template, ...] = (
    (("last", -1), ("word", 0), ("first", 1)),
    (("word", -1), ("word", 0), ("word", 1)),
    (("kind", -2), ("kind", -1), ("word", 0), ("kind", 1)),
)
# Of each character and of the end.
CHARACTERS: tuple[Template, ...] = (
    (("point", -1), ("point", 0)),
    (("point", -2), ("point", -1), ("point", 0)),
    (("point", -2), ("point", 0)),
)


@dataclass(frozen=True)
class Asked:
    """F features of R readings: the reading of each, and its slot in a table of weights."""

    reading: np.ndarray  # (F,) int64
    slot: np.ndarray  # (F,) int64


@dataclass(frozen=True)
class Contexts:
    """`weights (2^b,)`: what a feature that is hashed to the slot adds to the score of a reading."""

    weights: np.ndarray

    @cached_property
    def bits(self) -> int:
        return len(self.weights).bit_length() - 1

    def score(self, vocabulary: Vocabulary, word: np.ndarray, start: np.ndarray) -> np.ndarray:
        """Readings of symbols `word (W,)`, reading r from `start[r]` on, `start (R + 1,)`; the sum of each, `(R,)`."""
        asked = features_of(vocabulary, word, start, self.bits)
        return np.bincount(asked.reading, self.weights[asked.slot], len(start) - 1)

    @property
    def nbytes(self) -> int:
        return self.weights.nbytes

    def to_content(self) -> bytes:
        """A Parquet file of the weights as float16."""
        return compact_parquet({"weight": self.weights})


def read_contexts(path: Path) -> Contexts:
    """What `to_content` made.

    Raises:
        CasebookError: the file is missing or unreadable.
    """
    return Contexts(read_columns(path)["weight"])


def features_of(vocabulary: Vocabulary, word: np.ndarray, start: np.ndarray, bits: int) -> Asked:
    """The features of readings as in `Contexts.score`, in tables of `2^bits` slots."""
    size = vocabulary.sizes(word)
    words = _Row(word, start)
    characters = _Row(vocabulary.points[vocabulary.places(word)], np.concatenate([[0], np.cumsum(size)])[start])
    everywhere, alone = np.concatenate([words.inside, words.ends]), words.inside[size == 1]
    placed = [
        *((words, words.inside if _looks_ahead(template) else everywhere, template) for template in WORDS),
        *((words, alone, template) for template in ALONE),
        *((characters, np.concatenate([characters.inside, characters.ends]), template) for template in CHARACTERS),
    ]
    tables: dict[str, np.ndarray] = {**vocabulary.values, "point": CODES}
    found = [
        (row.owner[sites], row.slots(number, [(tables[what], offset) for what, offset in template], sites, bits))
        for number, (row, sites, template) in enumerate(placed, start=1)
    ]
    reading, slot = (np.concatenate(column) for column in zip(*found, strict=True))
    return Asked(reading, slot)


def _looks_ahead(template: Template) -> bool:
    """One word by itself, or what follows one: at the end of a reading it says nothing."""
    return len(template) == 1 or any(offset > 0 for _, offset in template)


class _Row:
    """Symbols of readings in one row, with `AHEAD` places of nothing before and behind each reading."""

    def __init__(self, symbol: np.ndarray, start: np.ndarray) -> None:
        length = np.diff(start)
        readings = np.arange(len(length))
        owner = np.repeat(readings, length)
        self.inside = np.arange(len(symbol)) + 2 * AHEAD * owner + AHEAD
        self.ends = start[1:] + 2 * AHEAD * readings + AHEAD
        self.symbol = np.full(len(symbol) + 2 * AHEAD * len(length), -1, np.int64)
        self.symbol[self.inside] = symbol
        self.owner = np.repeat(readings, length + 2 * AHEAD)

    def slots(self, number: int, parts: list[tuple[np.ndarray, int]], sites: np.ndarray, bits: int) -> np.ndarray:
        """Of a template's features at `sites`; nothing before or behind a reading is hashed as 0."""
        value = np.full(len(sites), number, np.uint64)
        for table, offset in parts:
            symbol = self.symbol[sites + offset]
            value = value * FACTOR ^ np.where(symbol >= 0, table[symbol], np.uint64(0))
        value = (value ^ (value >> np.uint64(29))) * GOLDEN
        found: np.ndarray = (value >> np.uint64(64 - bits)).astype(np.int64)
        return found


def telling(asked: Asked, clause: np.ndarray, bits: int) -> Asked:
    """Without the features that all readings of a clause have equally often; `clause (R,)`, ascending.

    Sorted by reading; a feature that a reading has twice stays twice.
    """
    if not len(asked.slot):
        return asked
    key, count = np.unique((asked.reading << bits) + asked.slot, return_counts=True)
    reading, slot = key >> bits, key & ((1 << bits) - 1)
    shared = (clause[reading] << bits) + slot
    order = np.argsort(shared, kind="stable")
    first, size = stretches(shared[order])
    fewest, most = (reduced.reduceat(count[order], first) for reduced in (np.minimum, np.maximum))
    readings = np.bincount(clause)[clause[reading[order[first]]]]
    kept = np.empty(len(order), bool)
    kept[order] = np.repeat((size < readings) | (fewest < most), size)
    return Asked(np.repeat(reading[kept], count[kept]), np.repeat(slot[kept], count[kept]))
