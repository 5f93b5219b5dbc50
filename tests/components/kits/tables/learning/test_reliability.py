import numpy as np
import pytest

from components.evaluation.presentation.shares import wilson
from components.kits.tables.learning.ranked import auc, ece, mass_bins
from components.kits.tables.learning.reasons import reason_text
from components.kits.tables.learning.reliability import reliability

TARGET, SCORE = np.array([0, 1, 1, 1.0]), np.array([0.2, 0.4, 0.6, 0.6])
ONCE = np.ones((1, 4))


def test_bins_hold_as_many_rows_each_and_equal_scores_stay_together() -> None:
    mean, rate, low, high = reliability(TARGET, SCORE, 2, 0.95)
    assert mean.tolist() == pytest.approx([(0.2 + 0.4) / 2, 0.6])
    assert rate.tolist() == [1 / 2, 1]
    bounds = [wilson(1, 2, 0.95), wilson(2, 2, 0.95)]
    assert [one and (one.low, one.high) for one in bounds] == list(zip(low, high, strict=True))


def test_a_score_goes_where_the_middle_of_its_rows_lies() -> None:
    assert mass_bins(np.array([[1.0, 1, 2], [3, 0, 1]]), 2).tolist() == [[0, 0, 1], [0, 1, 1]]


def test_pairs_and_gaps_are_counted_as_often_as_rows_are_drawn() -> None:
    twice = np.array([[2.0, 1, 1, 0]])
    assert auc(TARGET, SCORE, ONCE)[0] == auc(TARGET, SCORE, twice)[0] == 1
    assert np.isnan(auc(TARGET, SCORE, np.array([[0.0, 1, 1, 1]]))[0])
    assert ece(TARGET, SCORE, twice, 1)[0] == pytest.approx(abs(2 - (2 * 0.2 + 0.4 + 0.6)) / 4)


@pytest.mark.parametrize(
    ("value", "said"), [(None, "Age is missing"), (41.0, "Age = 41"), (0.25, "Age = 0.25"), ("old", "Age = old")]
)
def test_a_reason_names_the_feature_and_its_value(value: object, said: str) -> None:
    assert reason_text("Age", value) == said
