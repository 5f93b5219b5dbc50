import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sksurv import metrics as sk
from sksurv.util import Surv

from components.core.parts import CountedMetric
from components.evaluation.bootstrap import Resampling, intervals
from components.kits.survival.metrics.censoring import Censoring
from components.kits.survival.metrics.states import threshold_at_specificity
from components.recipes.survival.metrics.metrics import (
    LOWER_IS_BETTER,
    auc_at,
    c_index,
    calibration_at,
    ibs,
    survival_metrics,
)
from tests.examples import examples

HORIZONS = (1.0, 2.0, 3.0)
# Nobody is censored before the last year, so that every weight is 1.
PLAIN = np.array([[0.5, 1], [1.5, 1], [2.5, 1], [4.0, 0]])
UNWEIGHTED = Censoring.of(np.array([[0.1, 1], [9.0, 0]]))


def rows(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Tied times and scores, events and censorings."""
    random = np.random.default_rng(seed)
    time, event = np.round(random.exponential(3, count), 1), random.random(count) < 0.6
    time[:2] = [0.1, 8.0]
    risk = np.round(np.sort(random.uniform(0.05, 0.95, (count, len(HORIZONS))), axis=1), 2)
    return np.column_stack([time, event]), risk


def every_metric(target: np.ndarray) -> dict[str, CountedMetric]:
    return survival_metrics(horizons=HORIZONS, calibrated=(2.0,), censoring=Censoring.of(target), threshold=0.5)  # type: ignore[return-value]


def test_pairs_are_compared_where_it_is_known_who_was_first() -> None:
    target = np.array([[1.0, 1], [2.0, 0], [2.0, 1], [3.0, 0]])
    # Known: 1 before each of the others; 3 before 4, and before 2, who left at the same time without the event.
    score = np.array([0.9, 0.3, 0.3, 0.5])  # right, right, right; wrong against 4; tied with 2
    assert c_index()(target, score) == pytest.approx((3 + 0 + 1 / 2) / 5)


def test_two_events_at_one_time_are_no_pair() -> None:
    target = np.array([[2.0, 1], [2.0, 1], [3.0, 0]])
    assert c_index()(target, np.array([0.9, 0.1, 0.5])) == pytest.approx(1 / 2)


def test_all_censored_define_no_concordance() -> None:
    assert np.isnan(c_index()(np.array([[1.0, 0], [2.0, 0]]), np.array([0.1, 0.2])))


def test_the_auc_compares_those_with_the_event_by_the_horizon_with_those_without() -> None:
    risk = np.tile(np.array([[0.9], [0.2], [0.5], [0.1]]), 3)
    # By 2 years: 0.9 and 0.2 against 0.5 and 0.1.
    assert auc_at(1, 2.0, UNWEIGHTED)(PLAIN, risk) == pytest.approx(3 / 4)


def test_the_integrated_brier_score_is_the_trapezoid_over_the_horizons() -> None:
    risk = np.tile([0.2, 0.4, 0.5], (4, 1))
    first = (0.8**2 + 3 * 0.2**2) / 4
    second = (2 * 0.6**2 + 2 * 0.4**2) / 4
    third = (3 * 0.5**2 + 0.5**2) / 4
    assert ibs(HORIZONS, UNWEIGHTED)(PLAIN, risk) == pytest.approx(((first + second) / 2 + (second + third) / 2) / 2)


def test_early_censoring_weighs_the_others_more() -> None:
    target = np.array([[0.5, 0], [1.5, 1], [2.5, 0], [4.0, 0]])
    censoring = Censoring.of(target)  # 3/4 after the first year
    one = (0.7**2 / (3 / 4) + 2 * 0.3**2 / (3 / 4)) / 4
    assert ibs((1.6, 2.4), censoring)(target, np.full((4, 2), 0.3)) == pytest.approx(one)


def test_calibration_of_odds_that_are_twice_too_far_apart() -> None:
    # Two groups of which 1/4 and 3/4 have the event: log-odds -log 3 and log 3, predicted as twice that.
    event = np.array([1, 0, 0, 0, 1, 1, 1, 0])
    target = np.column_stack([np.where(event == 1, 1.0, 3.0), event])
    risk = np.repeat([1 / 10, 9 / 10], 4)[:, None]
    assert calibration_at(0, 2.0, slope=True)(target, risk) == pytest.approx(1 / 2)
    assert calibration_at(0, 2.0, slope=False)(target, risk) == pytest.approx(0, abs=1e-12)


def test_the_intercept_is_what_is_missing_in_the_large() -> None:
    target = np.column_stack([[1.0, 1.0, 1.0, 3.0], [1, 1, 1, 0]])
    found = calibration_at(0, 2.0, slope=False)(target, np.full((4, 1), 1 / 2))
    assert found == pytest.approx(np.log(3))  # odds of 3 to 1 where 1 to 1 was predicted


def test_a_threshold_has_the_specificity_asked_for() -> None:
    target = np.column_stack([np.full(10, 6.0), np.zeros(10)])
    score = np.linspace(0.05, 0.95, 10)
    threshold = threshold_at_specificity(np.vstack([target, [[1.0, 1]]]), np.append(score, 0.9), 5.0, 0.9)
    assert 0.85 < threshold < 0.9
    assert (score < threshold).mean() == 9 / 10
    assert np.isnan(threshold_at_specificity(np.array([[1.0, 1]]), np.array([0.5]), 5.0, 0.9))


def test_decisions_leave_out_who_was_censored_before_the_horizon() -> None:
    metrics = survival_metrics(horizons=HORIZONS, calibrated=(), censoring=UNWEIGHTED, threshold=0.5)
    target = np.array([[1.0, 1], [2.0, 1], [2.5, 0], [4.0, 0], [5.0, 1]])
    score = np.array([0.9, 0.1, 0.9, 0.9, 0.2])
    # Hit, missed, unknown, false alarm, right: the event after the horizon is none by then.
    assert metrics["sensitivity"](target, score) == 1 / 2
    assert metrics["specificity"](target, score) == 1 / 2
    assert metrics["f1"](target, score) == 2 * 1 / (2 * 1 + 1 + 1)


@settings(max_examples=examples(25), deadline=None)
@given(st.integers(0, 10_000))
def test_what_scikit_survival_says(seed: int) -> None:
    target, risk = rows(seed, 60)
    train, _ = rows(seed + 1, 80)
    train[0] = [99.0, 0]  # scikit-survival asks for training rows that outlast the others
    outcome = Surv.from_arrays(target[:, 1] == 1, target[:, 0])
    known = Surv.from_arrays(train[:, 1] == 1, train[:, 0])
    censoring = Censoring.of(train)
    assert c_index()(target, risk) == sk.concordance_index_censored(outcome["event"], outcome["time"], risk[:, -1])[0]
    brier = sk.integrated_brier_score(known, outcome, 1 - risk, list(HORIZONS))
    assert ibs(HORIZONS, censoring)(target, risk) == pytest.approx(brier, rel=1e-9)
    weights = censoring.weights(target[:, 0], target[:, 1] == 1, 2.0)
    assert weights[0].sum() > 0
    found = auc_at(1, 2.0, censoring)
    ones = np.ones((1, len(target)))
    assert found.over_counts(target, risk, ones)[0] == pytest.approx(found(target, risk), rel=1e-9)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", list(every_metric(rows(0, 50)[0])))
def test_counts_say_what_repeated_rows_say(name: str) -> None:
    target, risk = rows(3, 50)
    metric = every_metric(target)[name]
    counts = np.random.default_rng(1).multinomial(50, np.full(50, 1 / 50), size=6).astype(float)
    repeated = [
        metric(np.repeat(target, times, axis=0), np.repeat(risk, times, axis=0)) for times in counts.astype(int)
    ]
    np.testing.assert_allclose(metric.over_counts(target, risk, counts), repeated, rtol=1e-9, equal_nan=True)


def test_what_rows_do_not_define_is_nan_in_both_forms() -> None:
    target = np.column_stack([np.full(5, 0.5), np.ones(5)])  # nobody is left at any horizon
    risk = np.full((5, 3), 0.5)
    for name in ("ibs", "auc@2y", "calibration_slope@2y"):
        metric = every_metric(rows(0, 50)[0])[name]
        assert np.isnan(metric(target, risk)), name
        assert np.isnan(metric.over_counts(target, risk, np.ones((2, 5)))).all(), name


def test_every_metric_has_its_interval_in_one_sweep() -> None:
    target, risk = rows(5, 300)
    found = intervals(every_metric(target), target, risk, resampling=Resampling(200, confidence=0.95, seed=0))
    assert set(found) == set(every_metric(target))
    assert found.keys() >= LOWER_IS_BETTER
    assert all(one.low <= one.value <= one.high for one in found.values())
