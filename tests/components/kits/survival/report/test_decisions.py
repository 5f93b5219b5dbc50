import numpy as np
import pytest

from components.kits.survival.report.decisions import decisions, net_benefit, net_benefit_of_all

TARGET = np.array([[1.0, 1], [2.0, 1], [2.5, 0], [6.0, 0], [7.0, 1]])
RISK = np.array([0.9, 0.1, 0.9, 0.9, 0.2])


def test_decisions_are_judged_on_known_states() -> None:
    found = decisions(TARGET, RISK, threshold=0.5, horizon=5.0, confidence=0.95)
    assert (found.known, found.unknown) == (4, 1)
    assert (found.hit, found.missed, found.false, found.cleared) == (1, 1, 1, 1)
    assert found.sensitivity is not None
    assert found.sensitivity.value == 1 / 2
    assert found.specificity is not None
    assert found.specificity.value == 1 / 2
    assert found.precision is not None
    assert found.precision.value == 1 / 2
    assert found.f1 == 2 / (2 + 1 + 1)


def test_nobody_to_judge_on() -> None:
    found = decisions(np.array([[1.0, 0]]), np.array([0.1]), threshold=0.5, horizon=5.0, confidence=0.95)
    assert (found.sensitivity, found.specificity, found.precision, found.f1) == (None, None, None, None)


def test_net_benefit_weighs_false_alarms_by_the_odds() -> None:
    target = np.array([[1.0, 1], [2.0, 1], [6.0, 0], [6.0, 0]])
    risk = np.array([0.8, 0.3, 0.6, 0.1])
    # At 50%: one hit and one false alarm of four. At 20%: two hits, one false alarm at odds of 1 to 4. At 90%: nobody.
    found = net_benefit(target, risk, horizon=5.0, thresholds=[0.5, 0.2, 0.9])
    assert found.tolist() == pytest.approx([1 / 4 - 1 / 4, 2 / 4 - 1 / 4 * 1 / 4, 0])
    everybody = net_benefit_of_all(target, horizon=5.0, thresholds=[0.5, 0.2])
    assert everybody.tolist() == pytest.approx([2 / 4 - 2 / 4, 2 / 4 - 2 / 4 * 1 / 4])


def test_with_entries_shares_are_of_whom_the_rows_stand_for() -> None:
    # Of four rows the first event stands for two, the second for one; two are there after four years.
    target = np.array([[2.0, 1, 0], [3.0, 1, 1], [5.0, 1, 2], [6.0, 0, 3]])
    risk = np.array([0.9, 0.1, 0.9, 0.2])
    found = decisions(target, risk, threshold=0.5, horizon=4.0, confidence=0.95)
    assert (found.hit, found.missed, found.false, found.cleared, found.unknown) == (1, 1, 1, 1, 0)
    shares = [one.value for one in (found.sensitivity, found.specificity, found.precision) if one is not None]
    assert shares == pytest.approx([2 / 3, 1 / 2, 2 / 2.5])
    assert found.f1 == pytest.approx(2 * 2 / (2 * 2 + 0.5 + 1))
    expected = [(2 - 0.5 * 0.5 / 0.5) / 4, (3 - 1 * 0.25 / 0.75) / 4]
    assert net_benefit(target, risk, horizon=4.0, thresholds=[0.5]) == pytest.approx(expected[:1])
    assert net_benefit_of_all(target, horizon=4.0, thresholds=[0.25]) == pytest.approx(expected[1:])
