import numpy as np
import pytest

from components.recipes.competing_risks.metrics.hazards import free_of_all, hazards_of, incidences


def test_of_two_equal_hazards_each_takes_half_of_those_who_end() -> None:
    cumulative = np.array([[[0.5, 1.0], [0.5, 1.0]]])
    ended = 1 - np.exp(-np.array([1.0, 2.0]))
    np.testing.assert_allclose(incidences(cumulative), [[ended / 2, ended / 2]])
    np.testing.assert_allclose(free_of_all(cumulative), [1 - ended])


def test_a_hazard_that_comes_late_meets_who_is_left() -> None:
    # The first cause alone in the first interval, the second alone in the second, and nothing in the third.
    cumulative = np.array([[0.3, 0.3, 0.3], [0.0, 0.7, 0.7]])
    first, both = 1 - np.exp(-0.3), np.exp(-0.3) * (1 - np.exp(-0.7))
    np.testing.assert_allclose(incidences(cumulative), [[first] * 3, [0.0, both, both]], atol=1e-15)


def test_shares_of_hazards_are_shares_of_events_in_an_interval() -> None:
    found = incidences(np.array([[0.2], [0.6]]))[:, 0]
    np.testing.assert_allclose(found, np.array([0.25, 0.75]) * (1 - np.exp(-0.8)))


def test_hazards_have_the_incidences_that_they_are_of() -> None:
    incidence = np.array([[0.1, 0.1, 0.25], [0.0, 0.2, 0.5]])
    hazards = hazards_of(incidence)
    np.testing.assert_allclose(incidences(hazards), incidence)
    assert hazards[:, 0].tolist() == pytest.approx([-np.log(0.9), 0.0])


def test_hazards_stay_finite_where_everybody_has_ended() -> None:
    assert np.isfinite(hazards_of(np.array([[0.5, 0.5], [0.0, 0.5]]))).all()
