import numpy as np
import pandas as pd
import pytest

from components.kits.survival.report.groups import (
    kaplan_meier,
    observed_risk,
    risk_groups,
    subgroups,
)

TARGET = np.array([[1.0, 1], [2.0, 0], [2.0, 1], [4.0, 1]])


def test_the_curve_and_the_numbers_at_risk() -> None:
    curve = kaplan_meier("all", TARGET, [0, 1, 2, 3], 0.95)
    # 3/4 after the first, then one of three: the one censored at the same time is still at risk.
    assert curve.survival.tolist() == pytest.approx([3 / 4, 3 / 4 * 2 / 3, 0])
    assert curve.at_risk == [4, 4, 3, 1]
    assert (curve.low <= curve.survival).all()
    assert (curve.survival <= curve.high).all()


def test_the_observed_risk_steps_up_at_events() -> None:
    assert observed_risk(TARGET, 0.5) == 0
    assert observed_risk(TARGET, 2.0) == pytest.approx(1 - 3 / 4 * 2 / 3)
    assert np.isnan(observed_risk(TARGET, 5.0))


def test_a_score_at_an_edge_is_above_it() -> None:
    assert risk_groups(np.array([0.1, 0.2, 0.5]), np.array([0.2, 0.4])).tolist() == [0, 1, 2]


def test_a_small_group_is_insufficient() -> None:
    column = pd.Series([1.0, 1.0, 1.0, 9.0])
    found = subgroups(
        TARGET, np.array([0.4, 0.3, 0.2, 0.1]), column, edges=[5], horizon=1.5, minimum=2, measure=lambda *_: 0.5
    )
    first, second = found
    assert first == {
        "group": "under 5",
        "rows": 3,
        "events": 2,
        "sufficient": True,
        "measure": 0.5,
        "observed": pytest.approx(1 / 3),
        "predicted": pytest.approx(0.3),
    }
    assert second["sufficient"] is False
    assert [second[part] for part in ("measure", "observed", "predicted")] == [None, None, None]
