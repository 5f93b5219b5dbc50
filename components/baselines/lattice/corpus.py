"""Training clauses as arrays of words and of characters."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from components.baselines.lattice.kneser_ney import Sentences
from components.contracts import PREPARED_FILES, TRAIN
from components.preparation.pinyin.encoding.ngrams import FIRST

Reading = str  # syllables with single spaces between


@dataclass(frozen=True)
class Corpus:
    """Clauses of words; `readings` counts how each word is read."""

    clauses: Sequence[Sequence[str]]
    readings: Mapping[str, "Counter[Reading]"]

    @cached_property
    def counts(self) -> "Counter[str]":
        return Counter(word for clause in self.clauses for word in clause)

    def sentences(self, symbols: Mapping[str, int]) -> Sentences:
        """By words; one that has no symbol stands as its characters."""
        coded = {
            word: [symbols[word]] if word in symbols else [symbols[character] for character in word]
            for word in self.counts
        }
        return _end_to_end([[symbol for word in clause for symbol in coded[word]] for clause in self.clauses])

    def characters(self, symbols: Mapping[str, int]) -> Sentences:
        """By characters."""
        return _end_to_end([[symbols[character] for word in clause for character in word] for clause in self.clauses])


def read_corpus(prepared: Path) -> Corpus:
    """The training split of a prepared folder of pinyin."""
    table = pq.read_table(prepared / PREPARED_FILES[TRAIN], columns=["text", "words", "syllables"])
    clauses: list[list[str]] = []
    readings: dict[str, Counter[Reading]] = {}
    for text, lengths, syllables in zip(*(column.to_pylist() for column in table.columns), strict=True):
        spoken = syllables.split(" ")
        clause, start = [], 0
        for length in lengths:
            word = text[start : start + length]
            readings.setdefault(word, Counter())[" ".join(spoken[start : start + length])] += 1
            clause.append(word)
            start += length
        clauses.append(clause)
    return Corpus(clauses, readings)


def number_symbols(texts: Iterable[str]) -> dict[str, int]:
    """Symbols of words or characters, in the order of code points."""
    return {text: number for number, text in enumerate(sorted(texts), start=FIRST)}


def _end_to_end(sentences: list[list[int]]) -> Sentences:
    flat = np.fromiter((symbol for sentence in sentences for symbol in sentence), np.int64)
    return Sentences(flat, np.cumsum([0, *map(len, sentences)]))
