import numpy as np
import pytest

from components.kits.survival.report.calibration import reliability


def test_groups_of_equal_size_by_predicted_risk() -> None:
    target = np.array([[6.0, 0], [1.0, 1], [6.0, 0], [6.0, 0], [1.0, 1], [1.0, 1]])
    risk = np.array([0.1, 0.9, 0.2, 0.6, 0.3, 0.8])
    found = reliability(target, risk, horizon=5.0, groups=2, confidence=0.95)
    assert found.predicted.tolist() == pytest.approx([(0.1 + 0.2 + 0.3) / 3, (0.6 + 0.8 + 0.9) / 3])
    assert found.observed.tolist() == pytest.approx([1 / 3, 2 / 3])
    assert (found.low <= found.observed).all()
    assert (found.observed <= found.high).all()


def test_a_group_that_nobody_was_observed_so_long_in_is_left_out() -> None:
    target = np.array([[6.0, 0], [6.0, 0], [1.0, 0], [2.0, 0]])
    found = reliability(target, np.array([0.1, 0.2, 0.8, 0.9]), horizon=5.0, groups=2, confidence=0.95)
    assert found.predicted.tolist() == pytest.approx([0.15])
    assert found.observed.tolist() == [0]
