"""Pruning, against the loss computed from whole distributions."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from components.recipes.conversion.assembly.lattice.kneser_ney import Sentences, fit_kneser_ney
from components.recipes.conversion.assembly.lattice.pruning import history_shares, prune, removal_loss, renormalized
from components.recipes.conversion.encoding.ngrams import END, START, NGrams

V = 8


@pytest.fixture
def text() -> Sentences:
    random = np.random.default_rng(1)
    follows = random.dirichlet(np.full(V - 2, 0.3), V - 2)
    symbols = [2]
    for _ in range(1999):
        symbols.append(2 + random.choice(V - 2, p=follows[symbols[-1] - 2]))
    return Sentences(np.array(symbols), np.arange(0, 2001, 5))


@pytest.fixture
def model(text: Sentences) -> NGrams:
    return fit_kneser_ney(text, np.array([0, *[1 / (V - 1)] * (V - 1)]), order=3, prior_weight=1.0)


def distribution(model: NGrams, last: int, row: int = -1) -> np.ndarray:
    """Log p of every symbol but the start."""
    log_p, _ = model.step(np.full(V, last), np.full(V, row), np.arange(V))
    return log_p[1:]


def test_kneser_ney_needs_no_new_weights(model: NGrams) -> None:
    again = renormalized(model)
    full = np.bincount(model.bigrams // V, minlength=V) >= V - 1  # who was seen before all leaves nothing to others
    assert_allclose(again.unigram_backoff[~full], model.unigram_backoff[~full], atol=1e-4)


def test_loss_is_the_change_of_the_whole_distribution(model: NGrams) -> None:
    history, word = np.divmod(model.bigrams, V)
    loss = removal_loss(model.bigram, model.unigram[word], history, np.full(V, 0.25))
    for gone in (0, 7, len(model.bigrams) - 1):
        kept = np.arange(len(model.bigrams)) != gone
        less = replace(model, bigrams=model.bigrams[kept], bigram=model.bigram[kept])
        less = renormalized(replace(less, trigrams=model.trigrams[:0], trigram=model.trigram[:0]))
        before, after = distribution(model, history[gone]), distribution(less, history[gone])
        assert_allclose(loss[gone], 0.25 * np.sum(np.exp(before) * (before - after)), rtol=1e-3, atol=1e-7)


def test_shares_are_those_of_the_text_that_the_model_writes(model: NGrams) -> None:
    bigrams = replace(model, trigrams=model.trigrams[:0], trigram=model.trigram[:0])
    matrix = np.exp([[-np.inf, *distribution(bigrams, last)] for last in range(V)])
    matrix[END] = np.eye(V)[START]  # as if the end were a step to the start
    value, vector = np.linalg.eig(matrix.T)
    stationary = np.abs(vector[:, np.argmax(value.real)].real)
    stationary[END] = 0
    assert_allclose(history_shares(bigrams), stationary / stationary.sum(), rtol=1e-3)


@pytest.mark.parametrize("threshold", [1e-4, 1e-3, 1.0])
def test_what_is_left_sums_to_one(model: NGrams, threshold: float) -> None:
    pruned = prune(model, threshold)
    assert len(pruned.trigrams) < len(model.trigrams)
    for last in range(V):
        assert_allclose(np.exp(distribution(pruned, last)).sum(), 1, rtol=1e-5)
    for row, bigram in enumerate(pruned.bigrams):
        assert_allclose(np.exp(distribution(pruned, bigram % V, row)).sum(), 1, rtol=1e-5)


def test_nothing_or_everything_is_pruned(model: NGrams) -> None:
    same = prune(model, -np.inf)
    assert same.bigrams.tolist() == model.bigrams.tolist()
    assert same.trigrams.tolist() == model.trigrams.tolist()
    none = prune(model, np.inf)
    assert len(none.bigrams) == len(none.trigrams) == 0
    assert_allclose(none.unigram_backoff, 0, atol=1e-5)


def test_the_more_is_pruned_the_less_is_known(model: NGrams, text: Sentences) -> None:
    thresholds = (-np.inf, 1e-4, 1e-3, np.inf)
    scores = [prune(model, threshold).score(text.symbols, text.start).sum() for threshold in thresholds]
    assert sorted(scores, reverse=True) == scores
    assert len(set(scores)) == len(scores)
