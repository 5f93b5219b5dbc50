"""Interpolated modified Kneser-Ney smoothing (Chen & Goodman, 1998, TR-10-98) of bigrams or trigrams, in arrays."""

from dataclasses import dataclass

import numpy as np

from components.recipes.conversion.encoding.ngrams import END, START, NGrams

NEVER = -99.0  # log p of what cannot follow: the start of a sentence
ABSOLUTE = np.array([0.0, 0.5, 1.0, 1.5])  # where counts are too few for an estimate, as in KenLM


@dataclass(frozen=True)
class Sentences:
    """N sentences end to end: `symbols (S,) int64`, without start and end, and where each starts, `(N + 1,)`."""

    symbols: np.ndarray
    start: np.ndarray


def fit_kneser_ney(sentences: Sentences, prior: np.ndarray, *, order: int, prior_weight: float) -> NGrams:
    """`prior (V,)`: probabilities of the symbols outside the corpus, with which the unigrams are interpolated.

    Their share is `prior_weight` times what discounting frees.
    """
    size = len(prior)
    symbols, first = _with_ends(sentences)
    last = np.where(first, START, np.roll(symbols, 1))
    bigrams, row, raw = np.unique(last * size + symbols, return_inverse=True, return_counts=True)
    before = np.roll(row, 1)[~first]  # the first symbol's history is the start alone
    trigrams, count = np.unique(before * size + symbols[~first], return_counts=True)
    history, word = bigrams // size, bigrams % size
    ends_with = np.searchsorted(bigrams, word[trigrams // size] * size + trigrams % size)
    continued = np.bincount(ends_with, minlength=len(bigrams))
    # Nothing stands before the start, so that what follows it is counted as it is.
    two = np.where(history == START, raw, continued) if order > 2 else raw
    one = np.bincount(word, minlength=size)
    unigram = _unigrams(one, prior, prior_weight)
    bigram, after_one = _interpolated(two, history, size, unigram[word])
    if order > 2:
        trigram, after_two = _interpolated(count, trigrams // size, len(bigrams), bigram[ends_with])
    else:
        trigrams, trigram, after_two = trigrams[:0], bigram[:0], np.ones(len(bigrams))
    return NGrams(*map(_as_stored, (unigram, after_one, bigrams, bigram, after_two, trigrams, trigram)))


def _with_ends(sentences: Sentences) -> tuple[np.ndarray, np.ndarray]:
    """Symbols with an `END` after each sentence, and whether each begins one."""
    lengths = np.diff(sentences.start) + 1
    symbols = np.insert(sentences.symbols, sentences.start[1:], END)
    first = np.zeros(len(symbols), bool)
    first[np.cumsum(lengths) - lengths] = True
    return symbols, first


def _unigrams(count: np.ndarray, prior: np.ndarray, prior_weight: float) -> np.ndarray:
    """`(V,)`; `count` of a word is in how many histories it was seen."""
    taken = discounts(count)[np.minimum(count, 3)]
    freed = min(prior_weight * taken.sum() / count.sum(), 1.0)
    left = count - taken
    return (1 - freed) * left / max(left.sum(), 1e-9) + freed * prior


def _interpolated(
    count: np.ndarray, history: np.ndarray, histories: int, lower: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Probability of each n-gram, and the weight `(histories,)` of the lower order after each history."""
    taken = discounts(count)[np.minimum(count, 3)]
    total = np.bincount(history, count, histories)
    seen = total > 0
    weight = np.ones(histories)
    weight[seen] = np.bincount(history, taken, histories)[seen] / total[seen]
    return (count - taken) / total[history] + weight[history] * lower, weight


def discounts(count: np.ndarray) -> np.ndarray:
    """What is taken off n-grams seen i = 0, 1, 2 and more times.

    `D_i = i - (i + 1) Y n_(i+1) / n_i` with `Y = n1 / (n1 + 2 n2)`, where n_i of them were seen i times.
    """
    seen = np.bincount(np.minimum(count, 5), minlength=6)[1:5].astype(np.float64)
    if not seen.all():
        return ABSOLUTE
    times = np.arange(1, 4)
    taken = times - (times + 1) * seen[0] / (seen[0] + 2 * seen[1]) * seen[1:] / seen[:3]
    return np.concatenate([[0], taken]) if ((taken > 0) & (taken <= times)).all() else ABSOLUTE


def _as_stored(values: np.ndarray) -> np.ndarray:
    if values.dtype == np.int64:
        return values
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(values), NEVER).astype(np.float32)
