import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.core.parts import CountedMetric
from components.evaluation.bootstrap import Resampling, interval, paired_difference
from components.recipes.conversion.metrics.rows import checked, metric_of_sums, share


def test_the_first_of_a_list_is_the_answer():
    lists = np.array([["他们", "她们"], ["好", None]], dtype=object)
    assert checked(np.array(["她们", "好"]), lists) == (("她们", "好"), ("他们", "好"))


def test_strings_of_every_kind_of_array_are_the_same():
    texts = ["今天", ""]
    for kind in (np.array(texts), np.array(texts, dtype=object), pd.array(texts, dtype="str"), pd.Series(texts)):
        assert checked(kind, kind) == (tuple(texts), tuple(texts))


@pytest.mark.parametrize(
    ("target", "score", "message"),
    [
        ([], [], "at least one"),
        (["他"], ["他", "她"], r"references \(1,\) and answers \(2,\)"),
        (["他", "她"], ["他", None], "answer: 1 of 2 are no string, such as None"),
        ([float("nan"), 3], ["他", "她"], "reference: 2 of 2 are no string, such as nan"),
    ],
)
def test_what_is_no_clause_is_refused(target, score, message):
    with pytest.raises(CasebookError, match=message):
        checked(np.array(target, dtype=object), np.array(score, dtype=object))


def test_clauses_are_counted_once_for_all_resamples():
    calls = []

    def statistics(references, answers):
        calls.append(len(references))
        return np.array([[one == other, 1.0] for one, other in zip(references, answers, strict=True)])

    metric = metric_of_sums("right", statistics, share)
    target, first, second = (np.array(list(text) * 40_000, dtype=object) for text in ("他她它", "他他它", "她她它"))
    found = interval(metric, target, first, resampling=Resampling(100, confidence=0.95, seed=0))
    assert found.value == pytest.approx(2 / 3)
    assert calls == [120_000]
    paired_difference(metric, target, first, second, resampling=Resampling(100, confidence=0.95, seed=0))
    assert calls == [120_000, 120_000]
    assert isinstance(metric, CountedMetric)
    assert metric.__name__ == "right"


def test_an_answer_changed_in_place_is_counted_anew():
    metric = metric_of_sums("right", lambda one, other: np.array([[float(one == other), 1.0]]), share)
    answers = np.array(["他"], dtype=object)
    assert metric(np.array(["她"]), answers) == 0
    answers[0] = "她"
    assert metric(np.array(["她"]), answers) == 1


def test_a_share_of_nothing_is_nan():
    np.testing.assert_array_equal(share(np.array([[1.0, 4.0], [0.0, 0.0]])), [1 / 4, np.nan])
