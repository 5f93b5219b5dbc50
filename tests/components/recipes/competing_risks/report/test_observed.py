import numpy as np
import pytest

from components.recipes.competing_risks.report.observed import Steps, mean_incidence, reliability, worth

TARGET = np.array([[1, 1], [2, 2], [3, 0], [4, 1], [5, 0]], dtype=float)


def test_steps_begin_at_none_and_are_drawn_out_to_the_end() -> None:
    found = Steps.of("all", TARGET, 1, 0.95, 4.5)
    assert found.time.tolist() == [0, 1, 2, 3, 4, 4.5]
    assert found.share == pytest.approx([0, 0.2, 0.2, 0.2, 0.5, 0.5])
    assert (found.low <= found.share).all()
    assert (found.share <= found.high).all()


def test_net_benefit_counts_who_had_another_event_as_treated_in_vain() -> None:
    """Three are treated from .5: by 3.5 one of them had the event, one another, one neither. 3/5 * (1/3 - 2/3 * 1)."""
    risk = np.array([0.9, 0.8, 0.1, 0.7, 0.2])
    assert worth(TARGET, risk, 1, horizon=3.5, thresholds=[0.5]) == pytest.approx([-1 / 5])
    assert worth(TARGET, risk, 2, horizon=3.5, thresholds=[0.75]) == pytest.approx([2 / 5 * (1 / 2 - 1 / 2 * 3)])
    assert np.isnan(worth(TARGET, risk, 2, horizon=6, thresholds=[0.15]))  # somebody was not followed so long


def test_groups_are_held_against_what_happened_in_them() -> None:
    """The lower three by risk: nobody had the event by 3.5, one had another; of the upper two one had."""
    target = np.array([[1, 1], [4, 0], [2, 2], [4, 0], [4, 0]], dtype=float)
    risk = np.array([0.9, 0.7, 0.3, 0.2, 0.1])
    found = reliability(target, risk, 1, horizon=3.5, groups=2, confidence=0.95)
    assert found.predicted == pytest.approx([0.2, 0.8])
    assert found.observed == pytest.approx([0, 1 / 2])


def test_with_entries_the_mean_is_of_everybody_at_time_zero() -> None:
    """Ten are there from the start, of whom one dies; nine enter at 1, of ten who might have."""
    assert mean_incidence(TARGET, np.array([0.1, 0.2, 0.3, 0.4, 0.5]), 1, 4) == pytest.approx(0.3)
    time = np.concatenate([[0.5], np.full(9, 3.0), np.full(9, 3.0)])
    cause = np.concatenate([[2.0], np.zeros(18)])
    entry = np.concatenate([np.zeros(10), np.ones(9)])
    risk = np.concatenate([[0.5], np.full(18, 0.2)])
    found = mean_incidence(np.column_stack([time, cause, entry]), risk, 1, 2.0)
    assert found == pytest.approx(0.1 * 0.5 + 0.9 * 0.2)
