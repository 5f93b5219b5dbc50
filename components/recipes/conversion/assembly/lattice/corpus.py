"""Training clauses as arrays of words and of characters."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress, islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from components.core.job import PREPARED_FILES, TRAIN
from components.recipes.conversion.assembly.lattice.kneser_ney import Sentences
from components.recipes.conversion.encoding.ngrams import FIRST

Reading = str  # syllables with single spaces between


@dataclass(frozen=True)
class Corpus:
    """N clauses of words, `syllables (N,)` of each, and the `tags` of its words; None if the text has no tags."""

    clauses: Sequence[Sequence[str]]
    syllables: Sequence[Reading]
    tags: Sequence[Sequence[str]] | None

    @cached_property
    def counts(self) -> "Counter[str]":
        return Counter(word for clause in self.clauses for word in clause)

    @cached_property
    def readings(self) -> "dict[str, Counter[Reading]]":
        """How often each word is read in which way."""
        found: dict[str, Counter[Reading]] = {}
        for clause, syllables in zip(self.clauses, self.syllables, strict=True):
            spoken = iter(syllables.split(" "))
            for word in clause:
                found.setdefault(word, Counter())[" ".join(islice(spoken, len(word)))] += 1
        return found

    def select(self, kept: np.ndarray) -> "Corpus":
        """The clauses of the mask `kept (N,)` alone."""
        tags = None if self.tags is None else list(compress(self.tags, kept))
        return Corpus(list(compress(self.clauses, kept)), list(compress(self.syllables, kept)), tags)

    def legal(self, pairs: Mapping[str, str]) -> np.ndarray:
        """`(N,)` bool: whether every character of a clause is one of its syllable's, `meta.data["pairs"]`."""
        return np.array(
            [
                all(
                    one in pairs.get(syllable, "")
                    for one, syllable in zip("".join(words), spoken.split(" "), strict=True)
                )
                for words, spoken in zip(self.clauses, self.syllables, strict=True)
            ],
            bool,
        )

    def sentences(self, symbols: Mapping[str, int]) -> Sentences:
        """By words; one that has no symbol stands as its characters."""
        coded = {
            word: [symbols[word]] if word in symbols else [symbols[character] for character in word]
            for word in self.counts
        }
        return end_to_end([[symbol for word in clause for symbol in coded[word]] for clause in self.clauses])

    def characters(self, symbols: Mapping[str, int]) -> Sentences:
        """By characters."""
        return end_to_end([[symbols[character] for word in clause for character in word] for clause in self.clauses])


def read_corpus(prepared: Path, splits: Sequence[str] = (TRAIN,)) -> Corpus:
    """Splits of a prepared folder of pinyin, one after another."""
    columns = ["text", "words", "syllables", "tags"]
    table = pa.concat_tables([pq.read_table(prepared / PREPARED_FILES[split], columns=columns) for split in splits])
    texts, lengths, syllables, tags = (column.to_pylist() for column in table.columns)
    clauses = [_cut(text, sizes) for text, sizes in zip(texts, lengths, strict=True)]
    return Corpus(clauses, syllables, None if table["tags"].null_count else tags)


def _cut(text: str, lengths: Sequence[int]) -> list[str]:
    characters = iter(text)
    return ["".join(islice(characters, length)) for length in lengths]


def number_symbols(texts: Iterable[str]) -> dict[str, int]:
    """Symbols of words or characters, in the order of code points."""
    return {text: number for number, text in enumerate(sorted(texts), start=FIRST)}


def end_to_end(sentences: list[list[int]]) -> Sentences:
    """Symbols of sentences in one row."""
    flat = np.fromiter((symbol for sentence in sentences for symbol in sentence), np.int64)
    return Sentences(flat, np.cumsum([0, *map(len, sentences)]))
