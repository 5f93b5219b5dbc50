import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.kits.survival.metrics import curves

TIMES = np.array([1.0, 3.0])
CUMULATIVE = np.array([[0.2, 0.8]])  # a hazard of 0.2 a year, then 0.3


def test_a_curve_is_straight_between_its_points_and_goes_on() -> None:
    found = curves.at([0.0, 0.5, 1.0, 2.0, 3.0, 5.0], TIMES, CUMULATIVE)
    assert found[0].tolist() == pytest.approx([0, 0.1, 0.2, 0.5, 0.8, 0.8 + 2 * 0.3])


def test_risk_is_one_less_survival() -> None:
    assert curves.risks((2.0,), TIMES, CUMULATIVE)[0, 0] == pytest.approx(1 - np.exp(-0.5))


@pytest.mark.parametrize(
    ("time", "event", "expected"),
    [
        (0.5, 1, np.log(0.2) - 0.1),
        (1.0, 1, np.log(0.2) - 0.2),  # at an edge: of the interval that it ends
        (2.0, 1, np.log(0.3) - 0.5),
        (2.0, 0, -0.5),
        (9.0, 1, -0.8),  # after the grid's end: observed to the end
        (0.0, 0, 0.0),
    ],
)
def test_the_likelihood_of_a_row(time: float, event: int, expected: float) -> None:
    assert curves.log_likelihood(np.array([[time, event]]), TIMES, CUMULATIVE)[0] == pytest.approx(expected)


@given(st.lists(st.floats(0, 20), min_size=1, max_size=8))
def test_a_curve_never_falls(wanted: list[float]) -> None:
    found = curves.at(sorted(wanted), TIMES, CUMULATIVE)[0]
    assert (np.diff(found) >= 0).all()
    assert (found >= 0).all()
