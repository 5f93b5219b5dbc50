import numpy as np
import pytest
from sksurv.nonparametric import cumulative_incidence_competing_risks

from components.recipes.competing_risks.metrics.incidence import Incidence, observed_incidence

TARGET = np.array([[1, 1], [2, 2], [3, 0], [4, 1], [5, 0]], dtype=float)


def test_incidences_add_up_what_was_left_before_each_event() -> None:
    """1/5 at 1; 4/5 are left, of whom 1/4 at 2; 3/5 are left, of whom 1/2 at 4."""
    found = Incidence.of(TARGET, 2)
    assert found.at([0.5, 1, 2, 4, 9]) == pytest.approx(np.array([[0, 1, 1, 2.5, 2.5], [0, 0, 1, 1, 1]]) / 5)
    assert found.free[-1] == pytest.approx(1.5 / 5)


def test_one_minus_the_survival_is_all_incidences() -> None:
    target = _made_up(300)
    found = Incidence.of(target, 3)
    assert 1 - found.free == pytest.approx(found.incidence.sum(axis=0))


@pytest.mark.parametrize("ties", [False, True])
def test_scikit_survival_says_the_same(ties: bool) -> None:
    target = _made_up(200)
    target[:, 0] = np.ceil(2 * target[:, 0]) if ties else target[:, 0]
    found = Incidence.of(target, 3)
    times, incidence, bounds = cumulative_incidence_competing_risks(
        target[:, 1].astype(int), target[:, 0], conf_type="log-log", var_type="Dinse"
    )
    assert found.at(times) == pytest.approx(incidence[1:])
    low, high = found.bounds(0.95)
    assert low[:, -1] == pytest.approx(bounds[1:, 0, -1], rel=0.03)
    assert high[:, -1] == pytest.approx(bounds[1:, 1, -1], rel=0.03)


def test_an_event_before_others_enter_is_weighed_by_who_is_there() -> None:
    """Ten people are there from the start, ten enter at 1.5: of an event at 1 one in ten is at risk, at 2 one in 19."""
    time = np.concatenate([[1.0], np.full(9, 3.0), [2.0], np.full(9, 3.0)])
    cause = np.concatenate([[1.0], np.zeros(9), [2.0], np.zeros(9)])
    entry = np.concatenate([np.zeros(10), np.full(10, 1.5)])
    found = Incidence.of(np.column_stack([time, cause, entry]), 2)
    assert found.at([3.0])[:, 0] == pytest.approx([1 / 10, 9 / 10 / 19])


def test_what_nobody_was_followed_to_is_not_known() -> None:
    assert np.isnan(observed_incidence(TARGET, 1, 6))
    assert observed_incidence(TARGET, 2, 5) == pytest.approx(1 / 5)


def test_where_all_have_had_an_event_it_stays_known() -> None:
    assert observed_incidence(np.array([[1, 1], [2, 2]]), 2, 6) == pytest.approx(1 / 2)


def _made_up(rows: int) -> np.ndarray:
    random = np.random.default_rng(0)
    return np.column_stack([random.exponential(2, rows), random.integers(0, 4, rows)])
