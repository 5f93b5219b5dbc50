from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from components.recipes.conversion.metrics import alignment
from components.recipes.conversion.metrics.alignment import aligned, code_points, edit_counts
from tests.examples import examples

WORDS = st.text("ab字𠮷", max_size=7)


def slow(reference, answer):
    """Fewest edits, and the most kept among them, by trying every alignment."""

    @cache
    def best(i, j):
        if i == 0 or j == 0:
            return (i + j, 0)
        match = reference[i - 1] == answer[j - 1]
        edits, kept = best(i - 1, j - 1)
        ways = [(edits + (not match), kept - match)]
        ways += [(edits + 1, kept) for edits, kept in (best(i - 1, j), best(i, j - 1))]
        return min(ways)

    edits, kept = best(len(reference), len(answer))
    return edits, -kept


def test_edits_by_hand():
    references = ["今天天气", "今天天气", "今天天气", "ba", "", "天", "天"]
    answers = ["今天天气", "今天气", "今日天汽好", "ab", "天", "", "地"]
    edits, kept = edit_counts(references, answers)
    # Two are replaced and one added in the third; of "ba" one is kept by moving the other.
    assert edits.tolist() == [0, 1, 2 + 1, 1 + 1, 1, 1, 1]
    assert kept.tolist() == [4, 3, 4 - 2, 1, 0, 0, 0]


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=8))
def test_edits_are_those_of_the_slow_way(pairs):
    edits, kept = edit_counts([one for one, _ in pairs], [other for _, other in pairs])
    assert list(zip(edits, kept, strict=True)) == [slow(*pair) for pair in pairs]


@settings(max_examples=examples(30))
@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=8))
def test_batches_change_nothing(pairs):
    references, answers = zip(*pairs, strict=True)
    whole = edit_counts(references, answers)
    cells, alignment.CELLS = alignment.CELLS, 10
    try:
        np.testing.assert_array_equal(edit_counts(references, answers), whole)
    finally:
        alignment.CELLS = cells


@given(WORDS, WORDS)
def test_an_alignment_is_the_two_texts_with_the_fewest_edits(reference, answer):
    pairs = aligned(reference, answer)
    assert "".join(one for one, _ in pairs) == reference
    assert "".join(other for _, other in pairs) == answer
    if len(reference) != len(answer):
        edits = sum(one != other for one, other in pairs)
        assert (edits, len([1 for one, other in pairs if one == other])) == slow(reference, answer)


def test_texts_of_equal_length_are_taken_place_by_place():
    assert aligned("天气好", "气好天") == [("天", "气"), ("气", "好"), ("好", "天")]
    assert aligned("天气好", "天好") == [("天", "天"), ("气", ""), ("好", "好")]
    assert aligned("天", "天天") in ([("天", "天"), ("", "天")], [("", "天"), ("天", "天")])
    assert aligned("", "") == []


def test_a_character_beyond_the_basic_plane_is_one():
    assert code_points("天𠮷").tolist() == [ord("天"), ord("𠮷")]
    assert code_points("\ud800").tolist() == [0xD800]


def test_long_lines_are_aligned():
    line = "天气" * 5_000
    edits, kept = edit_counts([line], [line[1:]])
    assert (edits[0], kept[0]) == (1, len(line) - 1)
