import numpy as np
import pytest

from components.recipes.competing_risks.metrics.over_counts import c_index
from components.recipes.competing_risks.metrics.rows import caused_outcome, censoring_of

# Five people; causes 1 and 2, 0 for censored.
TARGET = np.array([[1, 1], [2, 2], [3, 0], [4, 1], [5, 0]], dtype=float)
ONE = np.ones((1, 5))


def c_of(score: list[float], counts: np.ndarray = ONE, horizon: float = 6, target: np.ndarray = TARGET) -> float:
    found = c_index(caused_outcome(target), 1, np.array(score), counts, horizon, censoring_of(target))
    return float(found[0])


def test_pairs_weigh_one_over_the_chance_to_see_them() -> None:
    """Of the censoring: 3 are left at 3, one goes, so that 2/3 are seen after it. The first person's pairs weigh 1
    each: all four others. The fourth's: the second, who had the other cause at 2 (weight 1), and the fifth (weight
    3/2), both times 3/2.
    """
    right_but_second = [0.9, 0.8, 0.1, 0.5, 0.2]  # the second is above the fourth
    pairs = 4 + 3 / 2 * (1 + 3 / 2)
    assert c_of(right_but_second) == pytest.approx((4 + 3 / 2 * 3 / 2) / pairs)


def test_ties_count_half() -> None:
    assert c_of([0.5] * 5) == 0.5


def test_events_behind_the_horizon_are_no_events_yet() -> None:
    assert c_of([0.9, 0.8, 0.1, 0.5, 0.95], horizon=3.5) == pytest.approx(3 / 4)


def test_without_another_cause_and_censoring_it_is_harrells() -> None:
    target = np.array([[1, 1], [2, 1], [3, 1]], dtype=float)
    assert c_of([0.5, 0.9, 0.1], np.ones((1, 3)), target=target) == pytest.approx(2 / 3)


def test_a_row_that_was_drawn_twice_is_in_twice_as_many_pairs() -> None:
    counts = np.array([[2.0, 1, 0, 1, 1]])
    drawn = np.array([0, 0, 1, 3, 4])
    score = np.array([0.9, 0.8, 0.1, 0.5, 0.2])
    outcome, weights = caused_outcome(TARGET[drawn]), censoring_of(TARGET)
    repeated = c_index(outcome, 1, score[drawn], ONE, 6, weights)
    assert c_index(caused_outcome(TARGET), 1, score, counts, 6, weights) == pytest.approx(repeated)


def test_who_had_not_entered_is_in_no_pair() -> None:
    """The third person enters at 2.5, after the first had the event: three pairs are left to that one."""
    target = np.column_stack([TARGET, [0, 0, 2.5, 0, 0]])
    scored = [c_of([0.5, 0.1, third, 0.1, 0.1], target=target, horizon=3.5) for third in (0.1, 0.9)]
    assert scored[0] == scored[1] == 1


def test_nobody_with_the_cause_gives_no_figure() -> None:
    target = np.array([[1, 2], [2, 0]], dtype=float)
    assert np.isnan(c_of([0.1, 0.2], np.ones((1, 2)), target=target))
