import numpy as np
import pytest

from components.recipes.competing_risks.training.soft import soft_causes


def test_the_outcome_that_a_teacher_expects() -> None:
    events, exposure = soft_causes(np.array([[[0.1, 0.5], [0.3, 0.3]]]))
    first, second = 1 - np.exp(-0.4), np.exp(-0.4) * (1 - np.exp(-0.4))
    np.testing.assert_allclose(events[0], [[first / 4, second], [first * 3 / 4, 0.0]], atol=1e-15)
    # The chance of an event in an interval is the hazard that it adds times the share of it that is lived through.
    assert exposure[0, 0].tolist() == pytest.approx([first / 0.4, second / 0.4])
