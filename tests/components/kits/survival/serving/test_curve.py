import numpy as np
import pytest

from components.kits.survival.serving.curve import HALF, Curves, median_times, span

TIMES = np.array([1.0, 2.0, 4.0])


@pytest.mark.parametrize(
    ("hazards", "median"),
    [
        ([HALF, 1, 2], 1.0),
        ([2 * HALF, 3, 4], 0.5),  # straight from time zero
        ([0, 0.5 * HALF, 1.5 * HALF], 3.0),
        ([0.1, 0.2, 0.6], np.nan),
        ([0, 0, HALF], 4.0),
    ],
)
def test_the_median_is_when_half_have_had_it(hazards: list[float], median: float) -> None:
    np.testing.assert_allclose(median_times(TIMES, np.array([hazards])), [median])


def test_curves_have_the_span_of_the_members() -> None:
    members = [np.array([[0.1, 0.8, 0.9]]), np.array([[0.3, 0.5, 2.0]])]
    found = Curves(TIMES, np.array([[0.2, 0.6, 1.2]]), *span(members)).columns()
    assert found["curve_times"] == [[1.0, 2.0, 4.0]]
    np.testing.assert_allclose(found["curve_survival"], np.exp([[-0.2, -0.6, -1.2]]))
    np.testing.assert_allclose(found["curve_low"], np.exp([[-0.3, -0.8, -2.0]]))
    np.testing.assert_allclose(found["curve_high"], np.exp([[-0.1, -0.5, -0.9]]))
    assert found["median_low"][0] < found["median"][0] < found["median_high"][0]


def test_a_model_that_stands_alone_has_none() -> None:
    found = Curves(TIMES, np.array([[0.2, 0.6, 1.2]]), *span([np.ones((1, 3))])).columns()
    assert list(found) == ["curve_times", "curve_survival", "median"]
