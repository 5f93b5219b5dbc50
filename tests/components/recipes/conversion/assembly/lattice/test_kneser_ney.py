"""Smoothing of three short sentences, count by count."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from components.recipes.conversion.assembly.lattice.kneser_ney import ABSOLUTE, Sentences, discounts, fit_kneser_ney
from components.recipes.conversion.encoding.ngrams import END, FIRST, START, NGrams

A, B = 2, 3
PRIOR = np.array([0, 0.1, 0.2, 0.7])
V = len(PRIOR)


def sentences(*parts: list[int]) -> Sentences:
    return Sentences(np.array([one for part in parts for one in part], np.int64), np.cumsum([0, *map(len, parts)]))


TEXT = sentences([A, B], [A, B], [B])  # n-grams seen 1, 2 and 3 times: less 0.5, 1 and 1.5

# After how many different symbols each was seen, of 4 in all: a 1, b 2, the end 1. Left: 0.5, 1, 0.5 of 4.
A_ONE = 0.5 / 4 + (2 / 4) * 0.2
B_ONE = 1 / 4 + (2 / 4) * 0.7
END_ONE = 0.5 / 4 + (2 / 4) * 0.1


def probabilities(model: NGrams, last: int, row: int = -1) -> np.ndarray:
    log_p, _ = model.step(np.full(V, last), np.full(V, row), np.arange(V))
    return np.exp(log_p)


def test_bigrams_by_hand() -> None:
    model = fit_kneser_ney(TEXT, PRIOR, order=2, prior_weight=1.0)
    assert_allclose(np.exp(model.unigram)[1:], [END_ONE, A_ONE, B_ONE], rtol=1e-6)
    after_start = [1.5 / 3 * END_ONE, 1 / 3 + 1.5 / 3 * A_ONE, 0.5 / 3 + 1.5 / 3 * B_ONE]  # a 2, b 1
    assert_allclose(probabilities(model, START)[1:], after_start, rtol=1e-6)
    after_a = [1 / 2 * END_ONE, 1 / 2 * A_ONE, 1 / 2 + 1 / 2 * B_ONE]  # b 2
    assert_allclose(probabilities(model, A)[1:], after_a, rtol=1e-6)
    assert len(model.trigrams) == 0


def test_trigrams_by_hand() -> None:
    model = fit_kneser_ney(TEXT, PRIOR, order=3, prior_weight=1.0)
    after_a = [0.5 * END_ONE, 0.5 * A_ONE, 0.5 + 0.5 * B_ONE]  # b, after one history
    assert_allclose(probabilities(model, A)[1:], after_a, rtol=1e-6)
    end_after_b = 1 / 2 + 1 / 2 * END_ONE  # the end, after two histories: a b and the start, b
    assert_allclose(probabilities(model, B)[END], end_after_b, rtol=1e-6)
    start_a = np.flatnonzero(model.bigrams == START * V + A)[0]
    after_start_a = [after_a[0] / 2, after_a[1] / 2, 1 / 2 + after_a[2] / 2]  # b 2
    assert_allclose(probabilities(model, A, start_a)[1:], after_start_a, rtol=1e-6)


def test_prior_weight_multiplies_what_the_prior_gets() -> None:
    model = fit_kneser_ney(TEXT, PRIOR, order=2, prior_weight=0.5)
    assert_allclose(np.exp(model.unigram)[A], 0.75 * 0.5 / 2 + 0.25 * 0.2, rtol=1e-6)
    model = fit_kneser_ney(TEXT, PRIOR, order=2, prior_weight=9.0)
    assert_allclose(np.exp(model.unigram)[1:], PRIOR[1:], rtol=1e-6)


TEXTS = st.lists(st.lists(st.integers(FIRST, 6), max_size=5), min_size=1, max_size=8)


@pytest.mark.parametrize("order", [2, 3])
@given(parts=TEXTS, history=st.lists(st.integers(FIRST, 6), max_size=3))
def test_what_follows_a_history_sums_to_one(order: int, parts: list[list[int]], history: list[int]) -> None:
    prior = np.array([0, 0.1, 0.2, 0.1, 0.3, 0.2, 0.1])
    model = fit_kneser_ney(sentences(*parts), prior, order=order, prior_weight=1.0)
    last, row = model.start(1)
    for symbol in history:
        _, row = model.step(last, row, np.array([symbol]))
        last = np.array([symbol])
    log_p, _ = model.step(np.repeat(last, 7), np.repeat(row, 7), np.arange(7))
    assert_allclose(np.exp(log_p).sum(), 1, rtol=1e-5)


def test_discounts_are_those_of_chen_and_goodman() -> None:
    counts = np.repeat([1, 2, 3, 4, 9], [10, 4, 2, 1, 3])
    y = 10 / (10 + 2 * 4)
    assert_allclose(discounts(counts), [0, 1 - 2 * y * 4 / 10, 2 - 3 * y * 2 / 4, 3 - 4 * y * 1 / 2])
    assert discounts(np.array([1, 1, 2, 3])) is ABSOLUTE  # none was seen 4 times
