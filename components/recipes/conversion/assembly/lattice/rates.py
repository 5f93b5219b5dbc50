"""How often a word that the corpus lacks is to be expected in more text of its kind.

Deleted estimation (Jelinek & Mercer, 1985): words of one fifth of the corpus that the other fifths lack show it.
Boosted trees of the Poisson family learn their counts from what is known of any string: the dictionaries that have
it, how often other text has it, how its characters stand together in a large text outside the corpus and in the
corpus, and which place in words they take there. The distribution that results is the prior of the word model.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from lightgbm import LGBMRegressor

from components.recipes.conversion.assembly.lattice.corpus import Corpus
from components.recipes.conversion.assembly.lattice.kneser_ney import Sentences
from components.recipes.conversion.encoding.associations import Associations
from components.recipes.conversion.encoding.lookup import KeyIndex
from components.recipes.conversion.params.lattice import RateParams

FOLDS = 5
ABSENT = 0.5  # what is added to a word's count in other text, before its logarithm
STRETCHES = 50  # of the corpus, dealt to the folds in turn: an article's names stay in one


@dataclass(frozen=True)
class Candidates:
    """N words: `characters (N, L) int64` symbols, L at least 2, 0 after a word's end; `known (N, D)`: which
    dictionaries have it; `counts (N,)` in other text.
    """

    texts: Sequence[str]
    characters: np.ndarray
    known: np.ndarray
    counts: np.ndarray

    @property
    def symbols(self) -> dict[str, int]:
        """Of the characters."""
        return {text: int(row[0]) for text, row in zip(self.texts, self.characters, strict=True) if len(text) == 1}

    def of(self, places: np.ndarray) -> "Candidates":
        texts = [self.texts[place] for place in places]
        return Candidates(texts, self.characters[places], self.known[places], self.counts[places])


class Text:
    """What clauses show of characters: how often each and each two adjacent ones, and where in words they stand."""

    def __init__(self, sentences: Sentences, begins: np.ndarray, size: int) -> None:
        """`sentences` of characters, `size` symbols; `begins (S,)`: whether a word begins there."""
        symbols, starts = sentences.symbols, np.zeros(len(sentences.symbols) + 1, bool)
        starts[sentences.start] = True
        ends = np.append(begins[1:], True) | starts[1:]
        self.size = size
        self.character = np.bincount(symbols, minlength=size)
        alone = begins & ends
        several = np.bincount(symbols[~alone], minlength=size)
        self.alone = (np.bincount(symbols[alone], minlength=size) + 0.5) / (self.character + 1)
        self.begins = (np.bincount(symbols[begins & ~ends], minlength=size) + 0.5) / (several + 1)
        self.ends = (np.bincount(symbols[ends & ~begins], minlength=size) + 0.5) / (several + 1)
        inside = ~starts[1:-1]
        keys, self._count = np.unique((symbols[:-1] * size + symbols[1:])[inside], return_counts=True)
        self._index = KeyIndex(keys)

    def pair(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """How often the two stand side by side, in one word or not."""
        row = self._index.find(before * self.size + after)
        return np.where(row >= 0, self._count[row], 0) if len(self._count) else np.zeros(len(row))


def word_rates(
    corpus: Corpus, words: Candidates, associations: Associations, params: RateParams, seed: int
) -> np.ndarray:
    """`(N,)` expected counts of the candidate words, were they unseen; in proportion only.

    The candidates of one character have all the characters of the corpus, and the symbols of `associations`.
    """
    size = associations.size
    sentences = corpus.characters(words.symbols)
    begins = np.zeros(len(sentences.symbols), bool)
    lengths = [len(word) for clause in corpus.clauses for word in clause]
    begins[np.cumsum(lengths) - lengths] = True
    fold = np.arange(len(corpus.clauses)) * STRETCHES // len(corpus.clauses) % FOLDS
    counts = _counts_by_fold(corpus, words, fold)
    seen_in = (counts > 0).sum(axis=1)
    # A word of one fold is new to it; a word of none is new to each, and stands in one for all of them.
    home: np.ndarray = np.where(seen_in == 0, np.arange(len(counts)) % FOLDS, counts.argmax(axis=1))
    rows = [np.flatnonzero((seen_in <= 1) & (home == one)) for one in range(FOLDS)]
    features = [
        word_features(words.of(places), Text(*_select(sentences, begins, fold != one), size), associations)
        for one, places in enumerate(rows)
    ]
    order = np.concatenate(rows)
    if not counts[order].any():  # a text of which each fifth has the same words says nothing
        return np.ones(len(counts))
    model = LGBMRegressor(
        objective="poisson", n_estimators=params.rounds, num_leaves=params.leaves, min_child_samples=params.smallest,
        learning_rate=params.lr, random_state=seed, deterministic=True, force_row_wise=True, n_jobs=1, verbose=-1,
    )  # fmt: skip
    weight = np.where(seen_in[order] == 0, FOLDS, 1)
    model.fit(np.concatenate(features), counts[order].sum(axis=1), sample_weight=weight)
    return np.asarray(model.predict(word_features(words, Text(sentences, begins, size), associations)))


def word_features(words: Candidates, text: Text, associations: Associations) -> np.ndarray:
    """`(N, F)` float32; what a word of one character has no value of is missing."""
    characters = words.characters
    there = characters > 0
    length = there.sum(axis=1)
    first, final = characters[:, 0], characters[np.arange(len(characters)), length - 1]
    before, after = characters[:, :-1].ravel(), characters[:, 1:].ravel()
    joined = there[:, 1:]
    pair = _over_pairs(associations.pair(before, after), joined)
    attraction = _over_pairs(associations.attraction(before, after), joined)
    local = _over_pairs(np.log1p(text.pair(before, after)), joined)
    chain = np.where(joined, associations.after(before, after).reshape(joined.shape), 0).sum(axis=1)
    rarest = np.where(there, associations.character[characters], np.inf).min(axis=1)
    rarest_here = np.where(there, np.log1p(text.character[characters]), np.inf).min(axis=1)
    alone = np.where(there, np.log(text.alone[characters]), 0).sum(axis=1)
    columns = [
        length, pair.min(axis=1), attraction.min(axis=1), attraction.max(axis=1), local.min(axis=1), local.max(axis=1),
        chain + associations.character[first], rarest, rarest_here, alone,
        associations.character[first], associations.character[final],
        text.begins[first], text.ends[final], text.alone[first], text.alone[final], np.log(words.counts + ABSENT),
    ]  # fmt: skip
    return np.column_stack([*columns, words.known]).astype(np.float32)


def _over_pairs(values: np.ndarray, joined: np.ndarray) -> np.ndarray:
    """`(N, L - 1)`, and for words of one character missing throughout."""
    values = values.reshape(joined.shape)
    first = np.where(joined[:, :1], values[:, :1], np.nan)
    return np.where(joined, values, first)


def _counts_by_fold(corpus: Corpus, words: Candidates, fold: np.ndarray) -> np.ndarray:
    """`(N, FOLDS)`; a word that is no candidate counts as its characters, if one fold alone has it."""
    place = {text: number for number, text in enumerate(words.texts)}
    numbers = {word: number for number, word in enumerate(corpus.counts)}
    flat = np.fromiter((numbers[word] for clause in corpus.clauses for word in clause), np.int64)
    where = np.repeat(fold, [len(clause) for clause in corpus.clauses])
    seen = np.bincount(flat * FOLDS + where, minlength=len(numbers) * FOLDS).reshape(len(numbers), FOLDS)
    counts = np.zeros((len(place), FOLDS), np.int64)
    for word, row in zip(numbers, seen, strict=True):
        if word in place:
            counts[place[word]] += row
        elif (row > 0).sum() == 1:
            for character in word:
                counts[place[character]] += row
    return counts


def _select(sentences: Sentences, begins: np.ndarray, kept: np.ndarray) -> tuple[Sentences, np.ndarray]:
    lengths = np.diff(sentences.start)
    within = np.repeat(kept, lengths)
    return Sentences(sentences.symbols[within], np.cumsum([0, *lengths[kept]])), begins[within]
