"""Left truncation, by hand on a few rows, on a real cohort by what lifelines says of it, and on one whose truth is
known.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.kits.survival.metrics import over_counts
from components.kits.survival.metrics.censoring import Censoring
from components.kits.survival.metrics.curves import log_likelihood
from components.kits.survival.metrics.entered import (
    ProductLimit,
    at_risk,
    expected_survival,
    mean_risk,
    own_weights,
)
from components.kits.survival.metrics.marginal import marginal_risks
from components.kits.survival.metrics.rows import entered_outcome
from components.kits.survival.metrics.states import threshold_at_specificity
from components.recipes.survival.metrics.metrics import c_index, survival_metrics

AIDS = Path(__file__).parents[1] / "cohorts" / "aids.csv"  # Klein and Moeschberger's, as lifelines has it
# Years, event, entry. At risk at 2: the first two; at 3: the second and the third, not the last, who enters at 3.
FEW = np.array([[2.0, 1, 0], [3.0, 1, 1], [5.0, 1, 2], [6.0, 0, 3]])


def test_who_is_at_risk_entered_before_and_is_still_there() -> None:
    assert at_risk(np.array([1.0, 1.5, 2, 2.5, 3, 5, 6, 7]), FEW[:, 0], FEW[:, 2]).tolist() == [1, 2, 2, 2, 2, 2, 1, 0]


def test_kaplan_and_meier_with_entries_by_hand() -> None:
    found = ProductLimit.of(FEW)
    np.testing.assert_allclose(found.survival, [1 / 2, 1 / 4, 1 / 8, 1 / 8])
    np.testing.assert_allclose(found.at(np.array([1.9, 2, 4, 9])), [1, 1 / 2, 1 / 4, 1 / 8])
    np.testing.assert_allclose(found.before(np.array([2.0, 3, 5])), [1, 1 / 2, 1 / 4])
    np.testing.assert_allclose(marginal_risks(FEW, [2, 5]), [1 / 2, 7 / 8])


def test_an_event_before_most_have_entered_takes_no_ones_survival() -> None:
    late = np.column_stack([np.linspace(3, 4, 10), np.ones(10), np.linspace(1, 2, 10)])
    early = np.array([[0.5, 1, 0.0], [1.05, 1, 0.0]])  # alone, and with the first of the others
    found = ProductLimit.of(np.concatenate([early, late]))
    assert found.at(np.array([2.5])).tolist() == [1.0]
    assert found.begin == 1.05
    assert ProductLimit.of(np.concatenate([early, late]), fewest=0).at(2.5) == 0.25
    cases, controls = own_weights(np.concatenate([early, late]), 3.5)
    assert cases[:2].tolist() == [0, 0]
    assert cases.sum() + controls.sum() == pytest.approx(12)
    rows = np.concatenate([early, late])
    again = over_counts.own_weights(rows[:, 0], rows[:, 1] == 1, np.ones((1, 12)), 3.5, rows[:, 2])
    np.testing.assert_allclose(again, [[cases], [controls]])


def test_weights_are_the_masses_of_the_estimate() -> None:
    cases, controls = own_weights(FEW, 4.0)
    # Of four rows each event takes 4 times what the curve falls there; beyond 4 years two rows share 4 times its 1/4.
    np.testing.assert_allclose(cases, [2, 1, 0, 0])
    np.testing.assert_allclose(controls, [0, 0, 1 / 2, 1 / 2])
    again = over_counts.own_weights(FEW[:, 0], FEW[:, 1] == 1, np.ones((1, 4)), 4.0, FEW[:, 2])
    np.testing.assert_allclose(again, [[cases], [controls]])
    assert mean_risk(FEW, np.array([0.8, 0.4, 0.2, 0.6]), 4.0) == pytest.approx((2 * 0.8 + 0.4 + 0.5 * 0.8) / 4)


def test_weights_of_resamples_are_those_of_the_rows_repeated() -> None:
    random = np.random.default_rng(4)
    entry = random.uniform(0, 2, 30)
    target = np.column_stack([entry + random.exponential(2, 30).round(1) + 0.1, random.random(30) < 0.6, entry])
    counts = random.integers(0, 3, (3, 30)).astype(float)
    found = over_counts.own_weights(target[:, 0], target[:, 1] == 1, counts, 2.5, entry)
    for place, drawn in enumerate(counts):
        repeated = np.repeat(target, drawn.astype(int), axis=0)
        for weights, expected in zip(found, own_weights(repeated, 2.5), strict=True):
            np.testing.assert_allclose(np.repeat(weights[place] / np.maximum(drawn, 1), drawn.astype(int)), expected)


def test_without_late_entries_it_is_what_it_was() -> None:
    random = np.random.default_rng(1)
    plain = np.column_stack([random.exponential(2, 80), random.random(80) < 0.6])
    entered = np.column_stack([plain, np.zeros(80)])
    risk = random.random((80, 3))
    found, expected = (
        survival_metrics(horizons=[1, 2, 3], calibrated=[2], censoring=Censoring.of(target), threshold=0.5)
        for target in (entered, plain)
    )
    for name in set(found) - {"sensitivity", "specificity", "f1"}:
        assert found[name](entered, risk) == pytest.approx(expected[name](plain, risk), rel=1e-9), name


def test_pairs_are_compared_where_both_were_at_risk() -> None:
    # The first event is compared with the second row alone, the second with the third; the fourth enters as it comes.
    assert c_index()(FEW, np.array([4.0, 3, 2, 9])) == pytest.approx(2 / 3)  # the third's event: 2 against 9 is wrong
    assert c_index()(FEW[:, :2], np.array([4.0, 3, 2, 9])) == pytest.approx(3 / 6)


def test_the_likelihood_begins_with_the_entry() -> None:
    times = np.array([1.0, 2, 3])
    curves = np.array([[0.5, 0.6, 1.0]] * 3)
    target = np.array([[2.5, 1, 0.5], [3.0, 0, 2], [2.5, 1, 0]])
    found = log_likelihood(target, times, curves)
    np.testing.assert_allclose(found, [np.log(0.4) - (0.8 - 0.25), -(1.0 - 0.6), np.log(0.4) - 0.8])
    np.testing.assert_allclose(found[2], log_likelihood(target[2:, :2], times, curves[2:])[0])


def test_a_threshold_is_judged_by_who_was_there_at_the_horizon() -> None:
    target = np.array([[3.0, 0, 0], [3.0, 0, 2.5], [1.0, 1, 0]])
    assert threshold_at_specificity(target, np.array([0.2, 0.9, 0.5]), 2.0, 0.99) == pytest.approx(0.35)


def test_expected_survival_adds_up_the_hazards_of_those_there() -> None:
    target = np.array([[2.0, 0, 0], [2.0, 0, 1]])
    curves = np.array([[0.2, 0.6], [1.0, 1.2]])
    # In the first year only the first is there, in the second both: 0.2, then the mean of 0.4 and 0.2.
    np.testing.assert_allclose(expected_survival(target, np.array([1.0, 2]), curves), np.exp([-0.2, -0.5]))
    plain = expected_survival(target[:, :2], np.array([1.0, 2]), curves)
    np.testing.assert_allclose(plain, np.exp(-curves).mean(axis=0))


def test_a_real_cohort_has_the_curve_that_lifelines_tells() -> None:
    """`KaplanMeierFitter().fit(T, D, entry=W)` of lifelines 0.30.3: survival at 1, 2, 4 and 6 years, and bounds."""
    rows = pd.read_csv(AIDS)
    found = ProductLimit.of(rows[["T", "D", "W"]].to_numpy(float), fewest=0)
    expected = [0.8908858607722248, 0.6482418381432183, 0.4670473053166557, 0.424588459378778]
    np.testing.assert_allclose(found.at(np.array([1.0, 2, 4, 6])), expected, rtol=1e-12)
    low, high = found.bounds(0.95)
    place = np.searchsorted(found.steps, [2.0, 4.0], side="right") - 1
    np.testing.assert_allclose(low[place], [0.497455, 0.323133], atol=1e-6)
    np.testing.assert_allclose(high[place], [0.76405, 0.598653], atol=1e-6)


def test_figures_of_who_was_seen_are_those_of_all() -> None:
    """Of people who had the event before they entered nobody knows; the weights make up for them."""
    random = np.random.default_rng(1)
    odds = random.normal(size=20_000)
    time = random.exponential(3 / np.exp(odds))
    entry = random.uniform(0, 2, len(odds)) * (random.random(len(odds)) < 0.8)
    end = entry + random.exponential(6, len(odds))
    horizons = [1.0, 2.0, 3.0]
    risk = 1 - np.exp(-np.exp(0.7 * odds)[:, None] * np.array(horizons) / 3.5)
    whole = np.column_stack([time, np.ones(len(time))])
    seen = time > entry
    rows = np.column_stack([np.minimum(time, end), time <= end, entry])[seen]

    def figures(target: np.ndarray, score: np.ndarray) -> dict[str, float]:
        censoring = Censoring.of(target)
        found = survival_metrics(horizons=horizons, calibrated=[2.0], censoring=censoring, threshold=0.5)
        return {name: metric(target, score) for name, metric in found.items() if name != "c_index"}

    truth, weighed, naive = figures(whole, risk), figures(rows, risk[seen]), figures(rows[:, :2], risk[seen])
    for name in truth:
        assert weighed[name] == pytest.approx(truth[name], abs=0.04), name
    assert abs(naive["calibration_intercept@2y"] - truth["calibration_intercept@2y"]) > 0.4
    assert mean_risk(rows, risk[seen, 1], 2.0) == pytest.approx(risk[:, 1].mean(), abs=0.01)


@pytest.mark.parametrize("entry", [-1.0, 2.0, np.nan])
def test_an_entry_lies_between_time_zero_and_the_end(entry: float) -> None:
    with pytest.raises(CasebookError, match="1 of 1 rows did not enter between"):
        entered_outcome(np.array([[2.0, 1, entry]]))
