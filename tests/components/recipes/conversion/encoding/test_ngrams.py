"""Back-off tables of three words, with every probability written out."""

from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from components.core.errors import CasebookError
from components.recipes.conversion.encoding.ngrams import END, START, NGrams, file_names, read_ngrams

A, B, C = 2, 3, 4
V = 5


def logs(*values: float) -> np.ndarray:
    return np.log(np.array(values, np.float32))


@pytest.fixture
def ngrams() -> NGrams:
    """Bigrams <s> a, a b and b </s>; the one trigram is a after <s>, then b."""
    return NGrams(
        unigram=logs(1e-9, 0.2, 0.4, 0.3, 0.1),
        unigram_backoff=logs(0.5, 1, 0.6, 0.7, 1),
        bigrams=np.array([START * V + A, A * V + B, B * V + END], np.int64),
        bigram=logs(0.8, 0.5, 0.9),
        bigram_backoff=logs(0.25, 0.125, 1),
        trigrams=np.array([0 * V + B], np.int64),
        trigram=logs(0.95),
    )


def test_longest_history_that_was_seen_counts(ngrams: NGrams) -> None:
    symbols, start = np.array([A, B, A, C, C, B]), np.array([0, 2, 5, 6, 6])
    expected = [
        0.8 * 0.95 * (0.125 * 0.9),  # a b </s>: the trigram, then its bigram's back-off
        0.8 * (0.25 * 0.6 * 0.1) * (1 * 0.1) * (1 * 0.2),  # a c c </s>: nothing is seen after <s> a
        (0.5 * 0.3) * 0.9,  # b </s>: the bigram <s> b is unseen and has no back-off of its own
        0.5 * 0.2,  # nothing, </s>
    ]
    assert_allclose(ngrams.score(symbols, start), np.log(expected), rtol=1e-6)


def test_sequences_may_go_on(ngrams: NGrams) -> None:
    score = ngrams.score(np.array([A, B, B]), np.array([0, 2, 2, 3]), end=False)
    assert_allclose(score, np.log([0.8 * 0.95, 1, 0.5 * 0.3]), rtol=1e-6)


@given(st.lists(st.lists(st.sampled_from([A, B, C]), max_size=4), max_size=5))
def test_score_is_the_sum_of_the_steps(sequences: list[list[int]]) -> None:
    table = NGrams(
        logs(1e-9, 0.2, 0.4, 0.3, 0.1),
        logs(0.5, 1, 0.6, 0.7, 1),
        np.array([START * V + A, A * V + B, B * V + A, C * V + C], np.int64),
        logs(0.8, 0.5, 0.9, 0.3),
        logs(0.25, 0.125, 1, 0.5),
        np.array([0 * V + B, 1 * V + A, 2 * V + B], np.int64),
        logs(0.95, 0.7, 0.2),
    )
    expected = []
    for sequence in sequences:
        last, row = table.start(1)
        total = 0.0
        for symbol in [*sequence, END]:
            log_p, row = table.step(last, row, np.array([symbol]))
            last, total = np.array([symbol]), total + float(log_p[0])
        expected.append(total)
    start = np.cumsum([0, *map(len, sequences)])
    assert_allclose(table.score(np.array(list(chain.from_iterable(sequences)), np.int64), start), expected, atol=1e-9)


def test_files_give_the_table_back(ngrams: NGrams, tmp_path: Path) -> None:
    contents = ngrams.to_contents("words")
    assert contents == ngrams.to_contents("words")
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    read = read_ngrams(tmp_path, "words")
    assert read.trigrams.dtype == read.bigrams.dtype == np.int64
    assert read.bigrams.tolist() == ngrams.bigrams.tolist()
    assert read.bigram.dtype == np.float32
    assert_allclose(read.bigram, ngrams.bigram, rtol=0.001)
    symbols, start = np.array([A, B, C]), np.array([0, 3])
    assert_allclose(read.score(symbols, start), ngrams.score(symbols, start), rtol=0.001)


def test_without_trigrams_two_words_are_the_history(ngrams: NGrams) -> None:
    none = np.array([], np.int64), np.array([], np.float32)
    bigram = NGrams(ngrams.unigram, ngrams.unigram_backoff, ngrams.bigrams, ngrams.bigram, 0 * ngrams.bigram, *none)
    assert_allclose(bigram.score(np.array([A, B]), np.array([0, 2])), [np.log(0.8 * 0.5 * 0.9)], rtol=1e-6)


def test_a_missing_file_is_named(ngrams: NGrams, tmp_path: Path) -> None:
    one, two, three = file_names("words")
    for name in (one, three):
        (tmp_path / name).write_bytes(ngrams.to_contents("words")[name])
    with pytest.raises(CasebookError, match=f"{two}: cannot be read"):
        read_ngrams(tmp_path, "words")
    (tmp_path / two).write_bytes(b"PAR1")
    with pytest.raises(CasebookError, match=f"{two}: cannot be read"):
        read_ngrams(tmp_path, "words")
