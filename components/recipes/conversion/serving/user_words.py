"""A person's own words: a file of them, and the models with them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from components.core.errors import CasebookError
from components.recipes.conversion.encoding.normalise import normalise
from components.recipes.conversion.encoding.syllables import Syllabary
from components.recipes.conversion.encoding.typed import lines_of
from components.recipes.conversion.params.pinyin import InputParams
from components.recipes.conversion.serving.arcs import Arcs, ArcTable, Candidates, powers
from components.recipes.conversion.serving.decoder import Decoder

WEIGHT = 100.0  # of a word without one: times in a million words
MILLION = 1e6
FAVOUR = 6.0  # nats for a person's word: who writes one down means it
KIND = "nz"  # a name, as far as kinds go
WAYS = 16  # to cut the letters of a reading, of which one has as many syllables as the word characters
SHOWN = 40  # characters of a line in a message
FORM = "give reading, text and weight between tabs or commas, such as: zhang wei, 张伟, 100"


@dataclass(frozen=True)
class UserWord:
    syllables: tuple[str, ...]
    text: str
    weight: float


def read_words(path: Path, syllabary: Syllabary, longest: int) -> list[UserWord]:
    """Of a text: a reading, the word and, where it is given, its weight a line; blank ones and those after # are none.

    Raises:
        CasebookError: the file cannot be read, has no word, or a line is none.
    """
    found = []
    for first, lines in lines_of(path):
        for number, line in enumerate(lines, start=first):
            if line.strip() and not line.lstrip().startswith("#"):
                try:
                    found.append(_word(line, syllabary, longest))
                except ValueError as error:
                    shown = line.strip()[:SHOWN]
                    raise CasebookError(f"{path}: line {number}, {shown!r}: {error}; {FORM}") from None
    if not found:
        raise CasebookError(f"{path}: no word in it; {FORM}")
    return found


def _word(line: str, syllabary: Syllabary, longest: int) -> UserWord:
    parts = [part.strip() for part in line.replace("，", ",").split("\t" if "\t" in line else ",")]
    if len(parts) not in (2, 3) or not parts[0] or not parts[1]:
        raise ValueError(f"{len(parts)} part(s)")
    reading, text = parts[:2]
    try:
        weight = float(parts[2]) if len(parts) == 3 and parts[2] else WEIGHT
    except ValueError:
        raise ValueError(f"the weight {parts[2][:SHOWN]!r} is no number") from None
    if not 0 < weight <= MILLION:
        raise ValueError(f"the weight {weight:g} is not above 0 and at most a million")
    if len(text) > longest:
        raise ValueError(f"more than {longest} characters")
    return UserWord(_syllables(reading, len(text), syllabary), text, weight)


def _syllables(reading: str, count: int, syllabary: Syllabary) -> tuple[str, ...]:
    """As many as the text has characters."""
    read = normalise(reading, syllabary, InputParams(abbreviations=False, max_illegal=0))
    if read.illegal or len(read.syllables) != len(read.pieces) or not read.syllables:
        raise ValueError(f"the reading {reading[:SHOWN]!r} is no pinyin")
    ways: list[tuple[str, ...]] = [()]
    at = 0
    for lattice in read.lattices:
        apart = tuple(one.text for one in read.syllables[at : lattice.start])
        cuts = [tuple(one.text for one in way) for way in lattice.segmentation.ways(WAYS)]
        ways = [(*way, *apart, *cut) for way in ways for cut in cuts][: WAYS * WAYS]
        at = lattice.stop
    rest = tuple(one.text for one in read.syllables[at:])
    fitting = [(*way, *rest) for way in ways if len(way) + len(rest) == count]
    if not fitting:
        raise ValueError(f"{len(read.syllables)} syllable(s) for {count} character(s)")
    return fitting[0]


def with_words(
    decoder: Decoder, words: Sequence[UserWord], candidates: Candidates, characters: Sequence[str]
) -> Decoder:
    """A decoder that has them too, each a symbol of its own, `FAVOUR` nats better than its weight says."""
    models, size = decoder.models, len(decoder.models.vocabulary.texts)
    log_p = np.log([word.weight / MILLION for word in words]).astype(np.float32)
    vocabulary = models.vocabulary.longer([word.text for word in words], log_p, KIND)
    ngrams = models.words.longer(log_p)
    grown = replace(models, vocabulary=vocabulary, words=ngrams, symbols=vocabulary.character_symbols(characters))
    favoured = np.zeros(size + len(words))
    favoured[size:] = FAVOUR
    return replace(decoder, models=grown, table=longer_table(decoder.table, words, candidates, size), favoured=favoured)


def longer_table(table: ArcTable, words: Sequence[UserWord], candidates: Candidates, first: int) -> ArcTable:
    by_length = dict(table.by_length)
    for k in sorted({len(word.syllables) for word in words}):
        own = [(first + row, word) for row, word in enumerate(words) if len(word.syllables) == k]
        syllables = np.array([[candidates.number[one] for one in word.syllables] for _, word in own], np.int64)
        points = np.array([[ord(one) for one in word.text] for _, word in own], np.int64)
        symbols = np.array([symbol for symbol, _ in own], np.int64)
        places = candidates.places(syllables, points)
        by_length[k] = _joined(by_length.get(k), symbols, syllables, places, table.base)
    return ArcTable(by_length, table.base)


def _joined(arcs: Arcs | None, symbols: np.ndarray, syllables: np.ndarray, places: np.ndarray, base: int) -> Arcs:
    """Arcs and those of new words, which stand before the others of the same syllables."""
    key = syllables @ powers(base, syllables.shape[1])
    other = np.zeros(len(symbols), bool)
    columns = [key, symbols, other, syllables.astype(np.int16), places.astype(np.int16)]
    if arcs is not None:
        old = (np.repeat(arcs.key, np.diff(arcs.first)), arcs.word, arcs.other, arcs.syllables, arcs.places)
        columns = [np.concatenate(both) for both in zip(columns, old, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    key, word, other, syllables, places = (column[order] for column in columns)
    different, count = np.unique(key, return_counts=True)
    return Arcs(different, np.concatenate([[0], np.cumsum(count)]).astype(np.int64), word, other, syllables, places)
