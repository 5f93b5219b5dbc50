import numpy as np
import pytest

from components.core.errors import CasebookError
from components.kits.survival.metrics.rows import checked_outcome, checked_score, log_odds


def test_an_outcome_is_years_and_events() -> None:
    time, event = checked_outcome(np.array([[2.5, 1], [0.0, 0]]))
    assert time.tolist() == [2.5, 0.0]
    assert event.tolist() == [True, False]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (np.empty((0, 2)), "give a time and an event"),
        (np.ones(3), "give a time and an event"),
        (np.array([[-1.0, 1]]), "1 of 1 rows are no time, such as -1"),
        (np.array([[np.nan, 1]]), "are no time"),
        (np.array([[1.0, 2]]), "event: 1 of 1 rows are not 0 or 1, such as 2"),
    ],
)
def test_what_is_no_outcome_is_refused(target: np.ndarray, message: str) -> None:
    with pytest.raises(CasebookError, match=message):
        checked_outcome(target)


@pytest.mark.parametrize("score", [np.array(1.0), np.ones(2), np.array([1.0, np.nan, 2.0])])
def test_what_is_no_score_is_refused(score: np.ndarray) -> None:
    with pytest.raises(CasebookError, match="score"):
        checked_score(score, 3)


def test_log_odds_stay_finite() -> None:
    odds = log_odds(np.array([0.0, 0.5, 0.75, 1.0]))
    assert odds[1:3].tolist() == pytest.approx([0, np.log(3)])
    assert np.isfinite(odds).all()
    assert odds[0] == pytest.approx(-odds[3], rel=1e-4)
