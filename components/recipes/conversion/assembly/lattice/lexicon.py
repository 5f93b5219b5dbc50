"""The words of the lattice, how each is read, and how likely it is before the corpus is counted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from components.recipes.conversion.assembly.lattice.corpus import Corpus, Reading, number_symbols
from components.recipes.conversion.assembly.lattice.dictionaries import WordReadings, dictionary_words
from components.recipes.conversion.assembly.lattice.frequencies import frequent_words
from components.recipes.conversion.assembly.lattice.kneser_ney import NEVER
from components.recipes.conversion.assembly.lattice.rates import Candidates, word_rates
from components.recipes.conversion.encoding.associations import Associations
from components.recipes.conversion.encoding.ngrams import FIRST
from components.recipes.conversion.params.lattice import LexiconParams, MinedParams

BOUNDS = ("<s>", "</s>")
UNKNOWN_RATE = 0.01  # of words that the corpus alone has, as a share of the average rate
END_SHARE = 1e-3  # the prior of the end of a sentence, which the corpus shows often enough
FREQUENT = "frequent"  # words that other text has, beside those of the dictionaries
Known = dict[str, set[str]]  # words by dictionary


@dataclass(frozen=True)
class Lexicon:
    """V symbols: `words`, the two bounds first, then in the order of code points, and `prior (V,)`, which sums to 1.

    `arcs`: symbol, syllables, and whether this is another reading of a character than that of the
    word that it is by itself.
    """

    words: Sequence[str]
    prior: np.ndarray
    arcs: Sequence[tuple[int, Reading, bool]]

    @property
    def symbols(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.words[FIRST:], start=FIRST)}

    def to_table(self) -> pa.Table:
        with np.errstate(divide="ignore"):
            log_q = np.maximum(np.log(self.prior), NEVER).astype(np.float32)
        return pa.table({"word": list(self.words), "log_q": log_q})

    def arcs_table(self, unigram: np.ndarray) -> pa.Table:
        """By the number of syllables, then the syllables, then the likeliest first; `unigram (V,)` log p."""
        order = sorted(self.arcs, key=lambda arc: (arc[1].count(" "), arc[1], arc[2], -unigram[arc[0]], arc[0]))
        word, syllables, other = zip(*order, strict=True)
        return pa.table({"word": pa.array(word, pa.int32()), "syllables": list(syllables), "other": list(other)})


def build_lexicon(
    corpus: Corpus,
    pairs: Mapping[str, str],
    associations: Associations,
    frequencies: Mapping[str, int],
    params: LexiconParams,
    seed: int,
) -> Lexicon:
    """`pairs`: the characters of each syllable, `meta.data["pairs"]`; `associations` have the symbols of
    `number_symbols` of them; `frequencies`: counts of words in other text.
    """
    characters = sorted({one for found in pairs.values() for one in found})
    known: Known = {name: dictionary_words(name, characters, params.longest) for name in params.dictionaries}
    if params.frequent is not None:
        known[FREQUENT] = frequent_words(frequencies, params.frequent, params.longest)
    listed = set().union(*known.values())
    mined = mine(associations, characters, params.mined) if params.mined else set()
    texts = [*characters, *sorted(listed | mined)]
    candidates = _candidates(texts, characters, known, frequencies, params.longest)
    rates = dict(zip(candidates.texts, word_rates(corpus, candidates, associations, params.rates, seed), strict=True))
    inside = {
        word
        for word, count in corpus.counts.items()
        if 2 <= len(word) <= params.longest and (count >= params.least or word in listed)
    }
    readings = WordReadings(pairs)
    likeliest = sorted((listed | mined).difference(inside), key=lambda word: (-rates[word], word))[: params.added]
    added = {word: reading for word in likeliest if (reading := readings.of(word))}
    words = number_symbols([*characters, *inside, *added])
    arcs = [(words[word], reading, False) for word in inside for reading in corpus.readings[word]]
    arcs += [(words[word], reading, False) for word, reading in added.items()]
    return Lexicon([*BOUNDS, *words], _prior(words, rates), arcs + _character_arcs(corpus, pairs, words, readings))


def mine(associations: Associations, characters: Sequence[str], params: MinedParams) -> set[str]:
    """Two characters that stand together often, and more often than by chance."""
    before, after = np.divmod(associations.pairs, associations.size)
    frequent = np.flatnonzero((before >= FIRST) & (associations.joint >= params.joint))
    before, after = before[frequent], after[frequent]
    drawn = associations.attraction(before, after) >= params.attraction
    return {
        characters[one - FIRST] + characters[two - FIRST]
        for one, two in zip(before[drawn].tolist(), after[drawn].tolist(), strict=True)
    }


def _candidates(
    texts: Sequence[str], characters: Sequence[str], known: Known, frequencies: Mapping[str, int], longest: int
) -> Candidates:
    symbols = number_symbols(characters)
    coded = np.zeros((len(texts), longest), np.int64)
    for row, text in zip(coded, texts, strict=True):
        row[: len(text)] = [symbols[character] for character in text]
    member = np.array([[text in words for words in known.values()] for text in texts], bool)
    counts = np.array([frequencies.get(text, 0) for text in texts], np.int64)
    return Candidates(texts, coded, member, counts)


def _prior(words: Iterable[str], rates: Mapping[str, float]) -> np.ndarray:
    least = UNKNOWN_RATE * float(np.mean(list(rates.values())))
    rate = np.array([rates.get(word, least) for word in words])
    return np.concatenate([[0, END_SHARE], (1 - END_SHARE) * rate / rate.sum()])


def _character_arcs(
    corpus: Corpus, pairs: Mapping[str, str], words: Mapping[str, int], readings: WordReadings
) -> list[tuple[int, Reading, bool]]:
    arcs = []
    for syllable, characters in pairs.items():
        for character in characters:
            own = {readings.of(character), *corpus.readings.get(character, ())}
            arcs.append((words[character], syllable, syllable not in own))
    return arcs
