import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.core.errors import CasebookError
from components.evaluation.bootstrap import Resampling, draw_counts, intervals
from components.recipes.conversion.metrics.alignment import aligned
from components.recipes.conversion.metrics.metrics import LOWER_IS_BETTER, text_metrics
from components.recipes.conversion.metrics.text import cer, char_accuracy, exact, top_k_metrics

TARGET = np.array(["今天天气", "好", "他们来了"], dtype=object)
SCORE = np.array(["今天天汽", "好", "她门来了"], dtype=object)
CLAUSES = st.lists(st.tuples(st.text("天气好𠮷", max_size=6), st.text("天气好𠮷", max_size=6)), min_size=1, max_size=6)


def columns(pairs):
    return tuple(np.array(column, dtype=object) for column in zip(*pairs, strict=True))


def test_shares_by_hand():
    assert char_accuracy(TARGET, SCORE) == (3 + 1 + 2) / (4 + 1 + 4)
    assert exact(TARGET, SCORE) == 1 / 3
    assert cer(TARGET, SCORE) == (1 + 0 + 2) / (4 + 1 + 4)


def test_every_character_counts_the_same_whatever_its_clause():
    target, score = np.array(["天", "天气天气天气天气天"]), np.array(["地", "天气天气天气天气天"])
    assert char_accuracy(target, score) == 9 / 10
    assert exact(target, score) == 1 / 2


@pytest.mark.parametrize(
    ("reference", "answer", "right", "edits"),
    [
        ("天气好", "气好天", 0, 2),  # as long: place by place, though two moves would do
        ("天气好", "天好", 2, 1),
        ("天好", "天气好", 2, 1),  # what is added costs no accuracy, but is an edit
        ("天", "", 0, 1),
        ("天", "天气好吗", 1, 3),
        ("天", "天", 1, 0),
    ],
)
def test_answers_of_another_length_are_aligned(reference, answer, right, edits):
    target, score = np.array([reference]), np.array([answer])
    assert char_accuracy(target, score) == right / len(reference)
    assert cer(target, score) == edits / len(reference)


def test_no_reference_character_defines_no_share_of_them():
    target, score = np.array([""]), np.array(["天"])
    assert np.isnan(char_accuracy(target, score))
    assert np.isnan(cer(target, score))
    assert exact(target, score) == 0
    assert exact(target, np.array([""])) == 1
    # An empty clause among others adds nothing.
    assert char_accuracy(np.array(["", "天气"]), np.array(["天", "天汽"])) == 1 / 2


def test_top_k_by_hand():
    target = np.array(["他们", "好", "来了"], dtype=object)
    lists = np.array([["她们", "他们", "它们"], ["好", None, None], ["莱了", "赖了", "来了"]], dtype=object)
    metrics = top_k_metrics([1, 2, 3])
    assert [metric(target, lists) for metric in metrics.values()] == [1 / 3, 2 / 3, 3 / 3]
    assert list(metrics) == ["top@1", "top@2", "top@3"]
    assert metrics["top@1"](target, lists) == exact(target, lists)
    assert metrics["top@1"](target, lists[:, 0]) == 1 / 3


def test_top_k_needs_lists_that_long():
    with pytest.raises(CasebookError, match=r"top@2: answers \(1, 1\).*at least 2"):
        top_k_metrics([2])["top@2"](np.array(["天"]), np.array(["天"]))
    for cutoffs in ([], [0], [5, 5]):
        with pytest.raises(CasebookError, match="different whole numbers from 1"):
            top_k_metrics(cutoffs)


@given(CLAUSES)
def test_shares_are_those_of_the_slow_way(pairs):
    target, score = columns(pairs)
    characters = sum(len(text) for text in target)
    right = sum(one == other for pair in pairs for one, other in aligned(*pair) if one)
    np.testing.assert_equal(char_accuracy(target, score), right / characters if characters else np.nan)
    assert exact(target, score) == sum(one == other for one, other in pairs) / len(pairs)


METRICS = text_metrics() | top_k_metrics([1])


@pytest.mark.parametrize("name", METRICS)
@given(pairs=CLAUSES, seed=st.integers(0, 99))
def test_over_counts_is_the_metric_of_the_repeated_clauses(name, pairs, seed):
    (target, score), metric = columns(pairs), METRICS[name]
    (counts,) = draw_counts(len(target), resamples=4, seed=seed)
    repeated = [metric(np.repeat(target, times), np.repeat(score, times)) for times in counts.astype(int)]
    np.testing.assert_allclose(metric.over_counts(target, score, counts), repeated, rtol=1e-12)


def test_all_metrics_get_intervals():
    found = intervals(text_metrics(), TARGET, SCORE, resampling=Resampling(200, confidence=0.95, seed=0))
    assert list(found) == ["char_accuracy", "exact", "bleu", "chrf", "cer"]
    assert all(one.low <= one.value <= one.high for one in found.values())
    assert found["char_accuracy"].low == (2 + 2 + 2) / (4 + 4 + 4)  # the worst clause, three times
    assert {"cer"} == LOWER_IS_BETTER
