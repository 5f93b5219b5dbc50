import numpy as np
import pytest

from components.core.errors import CasebookError
from components.recipes.binary.metrics.rows import checked, checked_probabilities, log_odds, row_losses


def test_good_rows_come_back_as_float64():
    target, score = checked(np.array([0, 1], dtype=np.int8), np.array([3, -1], dtype=np.float32))
    assert target.dtype == score.dtype == np.float64


@pytest.mark.parametrize(
    ("target", "score", "message"),
    [
        ([0, 1, 2], [0.1, 0.2, 0.3], r"target: 1 of 3 rows are not 0 or 1, such as 2"),
        ([0, np.nan, 1], [0.1, 0.2, 0.3], r"target: 1 of 3 rows are not 0 or 1, such as nan"),
        ([0, 1, 1], [0.1, np.nan, np.inf], r"score: 2 of 3 rows are not finite, first row 1: nan"),
        ([0, 1], [0.1, 0.2, 0.3], r"target \(2,\) and score \(3,\): give one of each per row"),
        ([], [], "at least one"),
        ([[0], [1]], [[0.1], [0.2]], r"target \(2, 1\)"),
    ],
)
def test_bad_rows_are_named(target, score, message):
    with pytest.raises(CasebookError, match=message):
        checked(np.array(target), np.array(score))


def test_a_margin_is_no_probability():
    checked(np.array([0, 1]), np.array([-1.5, 2.0]))
    with pytest.raises(CasebookError, match=r"score: 2 of 2 rows are no probability, such as -1.5"):
        checked_probabilities(np.array([0, 1]), np.array([-1.5, 2.0]))


def test_log_odds_are_finite_everywhere():
    assert log_odds(np.array([0.5, 0.8])) == pytest.approx([0, np.log(0.8 / 0.2)])
    assert log_odds(np.array([0.0, 1.0])) == pytest.approx([np.log(1e-12), -np.log(1e-12)], rel=1e-4)


def test_losses_of_rows_are_the_logarithms_of_what_happened() -> None:
    found = row_losses(np.array([1, 0, 1]), np.array([0.25, 0.25, 1.0]))
    assert found == pytest.approx([-np.log(0.25), -np.log(0.75), 0.0], abs=1e-9)
