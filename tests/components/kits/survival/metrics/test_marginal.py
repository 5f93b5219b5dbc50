"""Kaplan and Meier's risk of a whole cohort, worked out by hand."""

import numpy as np

from components.kits.survival.metrics.marginal import marginal_risks


def test_the_risk_steps_up_at_each_event_by_the_share_of_those_still_observed() -> None:
    target = np.array([[1.0, 1], [2.0, 0], [3.0, 1], [4.0, 0]])  # survival 3/4 from year 1, 3/4 * 1/2 from year 3
    assert marginal_risks(target, [0.5, 1.0, 2.5, 3.0, 9.0]).tolist() == [0.0, 0.25, 0.25, 0.625, 0.625]
