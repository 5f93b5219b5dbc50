"""Rescoring of whole readings: what is known about them, and the choice among the best."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from components.recipes.conversion.encoding.associations import Associations
from components.recipes.conversion.encoding.ngrams import END, START, NGrams
from components.recipes.conversion.serving.beam import Readings
from components.recipes.conversion.serving.contexts import Contexts
from components.recipes.conversion.serving.lattice import Lattice, stretches
from components.recipes.conversion.serving.vocabulary import Vocabulary

Feature = Literal[
    "word_bigram",
    "word_trigram",
    "words",
    "others",
    "character_trigram",
    "other_trigram",
    "association",
    "boundary",
    "lexicon",
    "learner",
    "context",
]
FEATURES: tuple[Feature, ...] = (
    "word_bigram",  # log p of the words, each after the one before
    "word_trigram",  # each after the two before
    "words",  # how many there are
    "others",  # how many of them are characters in a reading that they seldom have
    "character_trigram",  # log p of the characters
    "other_trigram",  # log p of the characters in text of another kind
    "association",  # log p of each character after the one before, outside the corpus
    "boundary",  # what attraction there is between the characters on both sides of where words meet
    "lexicon",  # log p of the words outside the corpus, none after another
    "learner",  # log p of the characters, each by itself, given all the syllables
    "context",  # what words, kinds of words and characters that stand together weigh
)


@dataclass(frozen=True)
class Models:
    """What readings are scored by. `symbols` are the words' characters in the models of characters; without
    `other_characters`, `associations` or `contexts` nothing is known of them.
    """

    vocabulary: Vocabulary
    words: NGrams
    characters: NGrams
    other_characters: NGrams | None
    associations: Associations | None
    symbols: np.ndarray
    contexts: Contexts | None

    def fill(self) -> None:
        """The indices of all tables: who answers for long does so before the first question."""
        for table in (self.words, self.characters, self.other_characters, self.associations):
            if table is not None:
                table.fill()


def features(lattice: Lattice, readings: Readings, models: Models) -> np.ndarray:
    """`(R, F)` float64, a column for each of `FEATURES`."""
    word = lattice.word[readings.arcs]
    size = models.vocabulary.sizes(word)
    character = models.symbols[models.vocabulary.places(word)]
    of_word = np.repeat(np.arange(len(readings.score)), np.diff(readings.start))
    of_character = np.repeat(of_word, size)
    before = np.roll(character, 1)
    before[stretches(of_character)[0]] = START
    begins = np.cumsum(size) - size
    meets = begins[before[begins] != START]

    def sums(owner: np.ndarray, values: np.ndarray) -> np.ndarray:
        return np.bincount(owner, values, len(readings.score))

    start = np.concatenate([[0], np.cumsum(sums(of_word, size))]).astype(np.int64)
    nothing = np.zeros(len(readings.score))
    joined = np.zeros((2, len(character)))
    if models.associations is not None:
        joined[0] = models.associations.after(before, character)
        joined[1, meets] = models.associations.attraction(before[meets], character[meets])
    columns = {
        "word_bigram": _bigram_score(models.words, word, readings.start, of_word),
        "word_trigram": models.words.score(word, readings.start),
        "words": np.diff(readings.start).astype(np.float64),
        "others": sums(of_word, lattice.other[readings.arcs]),
        "character_trigram": models.characters.score(character, start),
        "other_trigram": models.other_characters.score(character, start) if models.other_characters else nothing,
        "association": sums(of_character, joined[0]),
        "boundary": sums(of_character, joined[1]),
        "lexicon": sums(of_word, models.vocabulary.log_q[word]),
        "learner": sums(of_word, lattice.learner[readings.arcs]),
        "context": models.contexts.score(models.vocabulary, word, readings.start) if models.contexts else nothing,
    }
    return np.column_stack([columns[name] for name in FEATURES])


def bonuses(lattice: Lattice, readings: Readings) -> np.ndarray:
    """`(R,)`: the sum over each reading's words of what the person who asks has said of them."""
    of_word = np.repeat(np.arange(len(readings.score)), np.diff(readings.start))
    found: np.ndarray = np.bincount(of_word, lattice.bonus[readings.arcs], len(readings.score))
    return found


def weighted(values: np.ndarray, weights: Mapping[Feature, float]) -> np.ndarray:
    """`(R, F) -> (R,)`."""
    return values @ np.array([weights.get(name, 0.0) for name in FEATURES])


def shares(clause: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Log of each reading's share of its clause's exp(score), `(R,)`; readings of a clause stand together."""
    first, size = stretches(clause)
    if not len(first):
        return np.zeros(0)
    shifted = score - np.repeat(np.maximum.reduceat(score, first), size)
    return shifted - np.repeat(np.log(np.add.reduceat(np.exp(shifted), first)), size)


def _bigram_score(ngrams: NGrams, word: np.ndarray, start: np.ndarray, owner: np.ndarray) -> np.ndarray:
    after, owner = np.insert(word, start[1:], END), np.insert(owner, start[1:], np.arange(len(start) - 1))
    last = np.roll(after, 1)
    last[stretches(owner)[0]] = START
    return np.bincount(owner, ngrams.step(last, np.full(len(last), -1), after)[0], len(start) - 1)
