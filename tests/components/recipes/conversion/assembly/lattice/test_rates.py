"""What text shows of characters, by hand, and the rates that follow from it on a made-up language."""

import numpy as np
from numpy.testing import assert_allclose

from components.recipes.conversion.assembly.lattice.corpus import Corpus, number_symbols
from components.recipes.conversion.assembly.lattice.kneser_ney import Sentences
from components.recipes.conversion.assembly.lattice.rates import FOLDS, Candidates, Text, word_features, word_rates
from components.recipes.conversion.encoding.associations import UNSEEN, Associations, make_associations
from components.recipes.conversion.params.lattice import RateParams

A, B, C = 2, 3, 4
PARAMS = RateParams(rounds=40, leaves=4, smallest=5, lr=0.2)


def small_text() -> Text:
    """a|bc and ab|c|a."""
    begins = np.array([True, True, False, True, False, True, True])
    return Text(Sentences(np.array([A, B, C, A, B, C, A]), np.array([0, 3, 7])), begins, 5)


def test_places_of_characters_in_words() -> None:
    text = small_text()
    assert text.character[[A, B, C]].tolist() == [3, 2, 2]
    assert_allclose(text.alone[[A, B, C]], [2.5 / 4, 0.5 / 3, 1.5 / 3])  # a is a word twice
    assert_allclose(text.begins[[A, B, C]], [1.5 / 2, 1.5 / 3, 0.5 / 2])  # of the longer words: ab; bc
    assert_allclose(text.ends[[A, B, C]], [0.5 / 2, 1.5 / 3, 1.5 / 2])


def test_pairs_do_not_cross_clauses() -> None:
    assert small_text().pair(np.array([A, B, C, B]), np.array([B, C, A, A])).tolist() == [2, 2, 1, 0]


def test_features_of_words() -> None:
    table = make_associations({A: -1.0, B: -2.0, C: -3.0}, {(A, B): -2.5}, 5)
    counts = np.array([0, 7])
    words = Candidates(["a", "abc"], np.array([[A, 0, 0], [A, B, C]]), np.array([[False], [True]]), counts)
    features = word_features(words, small_text(), table)
    length, pair, weakest, strongest, local = features[:, :5].T
    assert length.tolist() == [1, 3]
    assert np.isnan([pair[0], weakest[0], strongest[0], local[0]]).all()
    assert pair[1] == UNSEEN
    assert strongest[1] == -2.5 + 1 + 2
    assert_allclose(local[1], np.log(1 + 2))
    assert_allclose(features[:, -2], np.log([0.5, 7.5]))
    assert features[:, -1].tolist() == [0, 1]


def test_words_of_attracted_characters_are_expected_more_often() -> None:
    """Of 399 possible words of two characters a third are in use; most of those stand once in the text."""
    letters = [chr(0x4E00 + number) for number in range(40)]
    symbols = number_symbols(letters)
    pairs = [(one, two) for one in letters[:20] for two in letters[20:]][:399]
    used = [pair for number, pair in enumerate(pairs) if number % 3 == 0]
    table = make_associations(
        dict.fromkeys(symbols.values(), -3.0),
        {(symbols[one], symbols[two]): (-5.0 if (one, two) in used else -9.0) for one, two in pairs},
        len(symbols) + 2,
    )
    new, seen = used[::10], [pair for number, pair in enumerate(used) if number % 10]
    clauses = [[letters[number % 40], "".join(pair)] for number, pair in enumerate(seen)]
    corpus = Corpus(clauses, [], None)
    texts = [*letters, *("".join(pair) for pair in pairs)]
    coded = np.array([[symbols[text[0]], symbols[text[1]] if len(text) > 1 else 0] for text in texts])
    words = Candidates(texts, coded, np.ones((len(texts), 1), bool), np.zeros(len(texts), int))
    rates = word_rates(corpus, words, table, PARAMS, 1)
    rate = dict(zip(texts, rates.tolist(), strict=True))
    unused = [rate["".join(pair)] for pair in pairs if pair not in used]
    assert min(rate["".join(pair)] for pair in new) > 5 * max(unused)


def test_words_that_other_text_has_are_expected_more_often() -> None:
    """A third of 399 possible words is in use, and counted in other text, whether this text has them or not."""
    letters = [chr(0x4E00 + number) for number in range(40)]
    symbols = number_symbols(letters)
    pairs = [one + two for one in letters[:20] for two in letters[20:]][:399]
    used = np.arange(0, len(pairs), 3)
    new, seen = used[::10], np.delete(used, np.s_[::10])
    clauses = [[letters[number % 40], pairs[place]] for number, place in enumerate(seen)]
    texts = [*letters, *pairs]
    coded = np.array([[symbols[text[0]], symbols[text[1]] if len(text) > 1 else 0] for text in texts])
    counts = np.zeros(len(texts), int)
    counts[len(letters) + used] = 100
    words = Candidates(texts, coded, np.zeros((len(texts), 0), bool), counts)
    table = make_associations({}, {}, len(symbols) + 2)
    rates = word_rates(Corpus(clauses, [], None), words, table, PARAMS, 1)[len(letters) :]
    assert rates[new].min() > 5 * np.delete(rates, used).max()


def test_text_whose_fifths_have_the_same_words_says_nothing() -> None:
    symbols = number_symbols("ab")
    corpus = Corpus([["a", "b"]] * (50 * FOLDS), [], None)
    words = Candidates(["a", "b"], np.array([[2, 0], [3, 0]]), np.zeros((2, 0), bool), np.zeros(2, int))
    table: Associations = make_associations({}, {}, len(symbols) + 2)
    assert word_rates(corpus, words, table, PARAMS, 1).tolist() == [1, 1]
