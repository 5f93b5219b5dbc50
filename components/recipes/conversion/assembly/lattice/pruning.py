"""Smaller n-gram tables, at a stated loss: entropy pruning (Stolcke, 1998, arXiv:cs/0006025)."""

from dataclasses import replace

import numpy as np

from components.recipes.conversion.encoding.ngrams import END, START, NGrams

ROUNDS = 20  # of the power iteration; the shares of words settle in a few
SMALLEST_MASS = 1e-9  # of probabilities that are left over by rounding


def prune(ngrams: NGrams, threshold: float) -> NGrams:
    """Without the trigrams, then the bigrams, each of whose removal alone adds less than `threshold` to the relative
    entropy (nats a word) of the model to what it was; the back-off weights of what is left sum to 1 again.

    Bigrams that a trigram begins or ends with stay.
    """
    share = history_shares(ngrams)
    ngrams = _without_trigrams(ngrams, share, threshold)
    return renormalized(_without_bigrams(ngrams, share, threshold))


def history_shares(ngrams: NGrams) -> np.ndarray:
    """`(V,)`: how often each symbol is the history, by the model itself.

    The unigrams of Kneser and Ney are no such shares (Chelba et al., 2010), so those are found that following the
    bigrams from word to word does not change.
    """
    size = len(ngrams.unigram)
    history, word = np.divmod(ngrams.bigrams, size)
    backoff, unigram = np.exp(ngrams.unigram_backoff), np.exp(ngrams.unigram)
    beyond = np.exp(ngrams.bigram) - backoff[history] * unigram[word]
    share = unigram / unigram.sum()
    for _ in range(ROUNDS):
        following = np.bincount(word, share[history] * beyond, size) + (share @ backoff) * unigram
        following[START], following[END] = following[END], 0  # the next sentence begins where one ends
        share = following / following.sum()
    return share


def renormalized(ngrams: NGrams) -> NGrams:
    """The same probabilities with the back-off weights under which those after each history sum to 1."""
    history, word = np.divmod(ngrams.bigrams, len(ngrams.unigram))
    after_one = _weights(ngrams.bigram, ngrams.unigram[word], history, len(ngrams.unigram))
    prefix, lower = _trigram_parts(ngrams)
    after_two = _weights(ngrams.trigram, ngrams.bigram[lower], prefix, len(ngrams.bigrams))
    return replace(ngrams, unigram_backoff=after_one, bigram_backoff=after_two)


def _weights(log_p: np.ndarray, lower: np.ndarray, history: np.ndarray, histories: int) -> np.ndarray:
    left, below = _left(log_p, history, histories), _left(lower, history, histories)
    weights: np.ndarray = np.log(left / below).astype(np.float32)
    weights[np.bincount(history, minlength=histories) == 0] = 0
    return weights


def _left(log_p: np.ndarray, history: np.ndarray, histories: int) -> np.ndarray:
    """Probability that the n-grams after each history leave to others."""
    return np.maximum(1 - np.bincount(history, np.exp(log_p.astype(np.float64)), histories), SMALLEST_MASS)


def _trigram_parts(ngrams: NGrams) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the bigrams that each trigram begins with, and ends with."""
    size = len(ngrams.unigram)
    prefix, word = np.divmod(ngrams.trigrams, size)
    middle = ngrams.bigrams[prefix] % size
    return prefix, np.searchsorted(ngrams.bigrams, middle * size + word)


def _without_trigrams(ngrams: NGrams, share: np.ndarray, threshold: float) -> NGrams:
    prefix, lower = _trigram_parts(ngrams)
    of_bigram = share[ngrams.bigrams // len(share)] * np.exp(ngrams.bigram)
    loss = removal_loss(ngrams.trigram, ngrams.bigram[lower], prefix, of_bigram)
    kept = loss >= threshold
    return replace(ngrams, trigrams=ngrams.trigrams[kept], trigram=ngrams.trigram[kept])


def _without_bigrams(ngrams: NGrams, share: np.ndarray, threshold: float) -> NGrams:
    history, word = np.divmod(ngrams.bigrams, len(share))
    kept = removal_loss(ngrams.bigram, ngrams.unigram[word], history, share) >= threshold
    prefix, lower = _trigram_parts(ngrams)
    kept[prefix] = kept[lower] = True
    moved = np.cumsum(kept) - 1
    return replace(
        ngrams,
        bigrams=ngrams.bigrams[kept],
        bigram=ngrams.bigram[kept],
        bigram_backoff=ngrams.bigram_backoff[kept],
        trigrams=moved[prefix] * len(share) + ngrams.trigrams % len(share),
    )


def removal_loss(log_p: np.ndarray, lower: np.ndarray, history: np.ndarray, share: np.ndarray) -> np.ndarray:
    """What each n-gram's removal adds to the relative entropy: its own change, and that of the back-off weight, for
    all that is left to the lower order. `lower`: its log p there; `share` of each history.
    """
    left, below = _left(log_p, history, len(share))[history], _left(lower, history, len(share))[history]
    own, fallen = np.exp(log_p.astype(np.float64)), np.exp(lower.astype(np.float64))
    weight, later = np.log(left / below), np.log((left + own) / (below + fallen))
    loss: np.ndarray = -share[history] * (own * (lower + later - log_p) + left * (later - weight))
    return loss
