"""The kind of each word: its part of speech in a tagged corpus, and for others that of words which end alike."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from components.recipes.conversion.assembly.lattice.corpus import Corpus

LONG = 3  # characters; longer words count as so long
GUESSED = "~"  # before the tag of a word that the corpus lacks
Ending = tuple[str, int]


def word_kinds(corpus: Corpus, words: Sequence[str]) -> list[str]:
    """Of each word the tag that it has most often, of equals the first by code points. Others get the tag
    of words as long with the same last character, marked as a guess; "" where nothing is known.
    """
    if corpus.tags is None:
        return [""] * len(words)
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for clause, tags in zip(corpus.clauses, corpus.tags, strict=True):
        for word, tag in zip(clause, tags, strict=True):
            counts[word][tag] += 1
    endings: defaultdict[Ending, Counter[str]] = defaultdict(Counter)
    for word, found in counts.items():
        if len(word) > 1:
            endings[_ending(word)] += found
    own = {word: _usual(found) for word, found in counts.items()}
    alike = {ending: GUESSED + _usual(found) for ending, found in endings.items()}
    return [own.get(word) or alike.get(_ending(word), "") for word in words]


def _ending(word: str) -> Ending:
    return word[-1:], min(len(word), LONG)


def _usual(counts: Counter[str]) -> str:
    return min(counts, key=lambda tag: (-counts[tag], tag))
