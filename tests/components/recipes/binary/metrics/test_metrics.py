import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from scipy.stats import ks_2samp
from sklearn.linear_model import LogisticRegression

from components.core.errors import CasebookError
from components.evaluation.bootstrap import draw_counts
from components.recipes.binary.metrics import metrics
from components.recipes.binary.metrics.metrics import best_f1_threshold, binary_metrics, ece_in, f1_at
from tests.examples import examples

#                 bad  good bad  good good
TARGET = np.array([1, 0, 1, 0, 0])
SCORE = np.array([0.9, 0.8, 0.4, 0.4, 0.1])
ALL = binary_metrics(threshold=0.4, bins=3)


def test_auc_counts_pairs_and_half_of_ties():
    # 0.9 beats three goods; 0.4 loses to 0.8, ties with 0.4, beats 0.1.
    assert metrics.auc(TARGET, SCORE) == pytest.approx((3 + 0 + 0.5 + 1) / (2 * 3))


def test_gini_is_twice_the_auc_less_one():
    assert metrics.gini(TARGET, SCORE) == pytest.approx(2 * 4.5 / 6 - 1)


def test_ap_weighs_precision_by_the_recall_it_adds():
    # At 0.9 recall rises to 1/2 with precision 1/1; at 0.4 to 1 with precision 2/4.
    assert metrics.ap(TARGET, SCORE) == pytest.approx(1 / 2 * 1 / 1 + 1 / 2 * 2 / 4)


def test_ks_is_the_widest_gap_of_the_distributions():
    # At or above 0.4 are 2/2 bads and 2/3 goods; at or above 0.9 are 1/2 and 0/3.
    assert metrics.ks(TARGET, SCORE) == pytest.approx(1 / 2 - 0)


def test_ks_of_a_score_that_ranks_backwards_is_as_wide():
    assert metrics.ks(TARGET, 1 - SCORE) == pytest.approx(metrics.ks(TARGET, SCORE))


def test_ks_is_scipys_two_sample_statistic():
    target, odds = many_rows(300)
    peer = ks_2samp(odds[target == 1], odds[target == 0])
    assert metrics.ks(target, odds) == pytest.approx(peer.statistic)


def test_brier_is_the_mean_squared_error():
    assert metrics.brier(TARGET, SCORE) == pytest.approx((0.1**2 + 0.8**2 + 0.6**2 + 0.4**2 + 0.1**2) / 5)


def test_log_loss_is_the_mean_surprise():
    surprise = np.log(0.9) + np.log(0.2) + np.log(0.4) + np.log(0.6) + np.log(0.9)
    assert metrics.log_loss(TARGET, SCORE) == pytest.approx(-surprise / 5)


def test_ece_weighs_the_gap_of_each_equal_mass_bin():
    target = np.array([0, 1, 0, 1, 1, 1])
    score = np.array([0.1, 0.2, 0.3, 0.6, 0.8, 0.9])
    low, high = abs(1 / 3 - (0.1 + 0.2 + 0.3) / 3), abs(3 / 3 - (0.6 + 0.8 + 0.9) / 3)
    assert ece_in(2)(target, score) == pytest.approx(3 / 6 * low + 3 / 6 * high)


def test_ece_keeps_equal_scores_in_one_bin():
    target, score = np.array([0, 1, 0, 1]), np.full(4, 0.3)
    assert ece_in(2)(target, score) == pytest.approx(abs(2 / 4 - 0.3))


def test_metrics_at_a_threshold_count_rows_at_or_above_it():
    # Flagged are 0.9 (bad), 0.8 (good), 0.4 (bad), 0.4 (good): 2 hits, 2 false, 0 missed, 1 left in peace.
    assert ALL["precision"](TARGET, SCORE) == pytest.approx(2 / 4)
    assert ALL["recall"](TARGET, SCORE) == pytest.approx(2 / 2)
    assert ALL["f1"](TARGET, SCORE) == pytest.approx(2 * 2 / (2 * 2 + 2 + 0))
    assert ALL["accuracy"](TARGET, SCORE) == pytest.approx((2 + 1) / 5)


def test_nobody_flagged_has_precision_zero_and_f1_zero():
    nobody = binary_metrics(threshold=0.95, bins=3)
    assert nobody["precision"](TARGET, SCORE) == 0
    assert nobody["f1"](TARGET, SCORE) == 0


def many_rows(size=4000, seed=0):
    generator = np.random.default_rng(seed)
    odds = generator.normal(-1, 1.5, size=size)
    return (generator.random(size) < expit(odds)).astype(int), odds


def test_calibration_of_a_score_that_is_too_extreme_and_too_low():
    target, odds = many_rows(200_000)
    score = expit(2 * odds - 1)  # true log-odds = 1/2 + 1/2 of the score's
    assert metrics.calibration_slope(target, score) == pytest.approx(1 / 2, abs=0.01)
    assert metrics.joint_intercept(target, score) == pytest.approx(1 / 2, abs=0.02)


def test_calibration_in_the_large_is_the_shift_of_the_log_odds():
    target, odds = many_rows(200_000)
    assert metrics.calibration_intercept(target, expit(odds - 0.7)) == pytest.approx(0.7, abs=0.02)
    # Its own equation: after the shift, as many bads are expected as there are.
    score = expit(0.5 * odds - 0.4)
    shift = metrics.calibration_intercept(target, score)
    assert expit(logit(score) + shift).sum() == pytest.approx(target.sum())


def test_the_calibration_line_is_scikit_learns_logistic_regression():
    target, odds = many_rows()
    score = expit(0.6 * odds + 0.3)
    peer = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10).fit(logit(score)[:, None], target)
    assert metrics.calibration_slope(target, score) == pytest.approx(peer.coef_[0, 0], rel=1e-6)
    assert metrics.joint_intercept(target, score) == pytest.approx(peer.intercept_[0], rel=1e-6)


@pytest.mark.parametrize("name", ["calibration_slope", "joint_intercept"])
def test_no_calibration_line_where_the_score_separates_or_is_constant(name):
    metric = getattr(metrics, name)
    assert np.isnan(metric(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.8, 0.9])))
    assert np.isnan(metric(np.array([0, 1, 0, 1]), np.full(4, 0.3)))


def test_certain_scores_that_are_wrong_still_have_a_calibration():
    target, score = np.array([0, 1, 1, 0, 1, 0]), np.array([0.0, 0.0, 1.0, 1.0, 0.6, 0.4])
    # The four certain rows are right half the time, so the line is flat; the middle rows tilt it slightly.
    assert 0 < metrics.calibration_slope(target, score) < 0.1
    assert metrics.calibration_intercept(target, score) == pytest.approx(0, abs=1e-6)
    assert metrics.calibration_intercept(np.array([1, 1, 0]), np.array([0.0, 0.0, 0.0])) > 20


@pytest.mark.parametrize("name", ["auc", "ap", "ks", "gini", "calibration_slope", "calibration_intercept"])
@pytest.mark.parametrize("target", [np.zeros(4), np.ones(4)])
def test_one_class_leaves_the_metric_undefined(name, target):
    score = np.array([0.1, 0.2, 0.3, 0.4])
    assert np.isnan(ALL[name](target, score))
    assert np.isnan(ALL[name].over_counts(target, score, np.ones((1, 4)))).all()


def test_what_needs_a_bad_is_undefined_without_one():
    goods, score = np.zeros(4), np.array([0.1, 0.2, 0.3, 0.35])
    assert np.isnan(ALL["recall"](goods, score))
    assert np.isnan(ALL["f1"](goods, score))  # nobody is flagged at 0.4 either
    assert ALL["brier"](goods, score) == pytest.approx((0.1**2 + 0.2**2 + 0.3**2 + 0.35**2) / 4)


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_score_that_is_not_finite_is_refused_by_every_metric(name):
    with pytest.raises(CasebookError, match="score: 1 of 3 rows are not finite"):
        ALL[name](np.array([0, 1, 1]), np.array([0.1, np.nan, 0.3]))


def test_every_metric_has_its_name():
    assert {name for name, metric in ALL.items() if metric.__name__ != name} == set()


def test_the_best_threshold_lies_halfway_below_the_lowest_flagged_score():
    # Flagging the upper 1, 2, 4, 5 rows: F1 = 2/3, 2/4, 4/6, 4/7. The first of the equal ones flags fewest.
    assert best_f1_threshold(TARGET, SCORE) == pytest.approx((0.9 + 0.8) / 2)
    # Upper 1, 2, 3: 2/3, 4/4, 4/5.
    assert best_f1_threshold(np.array([1, 1, 0]), np.array([0.9, 0.7, 0.2])) == pytest.approx((0.7 + 0.2) / 2)


def test_the_best_threshold_can_flag_everyone():
    assert best_f1_threshold(np.array([1, 1]), np.array([0.6, 0.4])) == pytest.approx(0.4 / 2)


def test_the_best_threshold_between_neighbouring_floats_still_separates_them():
    low = 0.5
    high = np.nextafter(low, 1)
    threshold = best_f1_threshold(np.array([1, 0]), np.array([high, low]))
    assert low < threshold <= high


def test_no_bad_has_no_best_threshold():
    with pytest.raises(CasebookError, match="none of 3 rows is positive"):
        best_f1_threshold(np.zeros(3), np.array([0.1, 0.2, 0.3]))


# Few distinct scores, so that ties are the rule.
tied_rows = st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=2, max_size=25).filter(
    lambda rows: len({bad for bad, _ in rows}) == 2
)


def split(rows):
    return np.array([float(bad) for bad, _ in rows]), np.array([(level + 1) / 10 for _, level in rows])


@settings(deadline=None)
@given(tied_rows)
def test_auc_equals_counting_pairs(rows):
    target, score = split(rows)
    pairs = [(bad > good) + 0.5 * (bad == good) for bad in score[target == 1] for good in score[target == 0]]
    assert metrics.auc(target, score) == pytest.approx(np.mean(pairs))


@settings(deadline=None)
@given(tied_rows)
def test_ks_equals_scanning_every_score(rows):
    target, score = split(rows)
    gaps = [abs(np.mean(score[target == 1] >= at) - np.mean(score[target == 0] >= at)) for at in score]
    assert metrics.ks(target, score) == pytest.approx(max(gaps))


@settings(deadline=None)
@given(tied_rows)
def test_no_threshold_beats_the_best(rows):
    target, score = split(rows)
    best = f1_at(best_f1_threshold(target, score))(target, score)
    hits = np.array([(target[score >= at] == 1).sum() for at in score])
    flagged = np.array([(score >= at).sum() for at in score])
    assert best == pytest.approx(max(2 * hits / (flagged + target.sum())))


@settings(deadline=None, max_examples=examples(60))
@given(tied_rows, st.integers(0, 2**32 - 1))
@pytest.mark.parametrize("name", sorted(ALL))
def test_over_counts_equals_repeating_the_rows(name, rows, seed):
    target, score = split(rows)
    counts = next(iter(draw_counts(len(target), resamples=6, seed=seed)))
    repeated = [ALL[name](np.repeat(target, c), np.repeat(score, c)) for c in counts.astype(int)]
    np.testing.assert_allclose(ALL[name].over_counts(target, score, counts), repeated, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", sorted(ALL))
def test_over_counts_equals_repeating_many_untied_rows(name):
    target, odds = many_rows(300)
    score = expit(odds)
    counts = next(iter(draw_counts(300, resamples=20, seed=1)))
    repeated = [ALL[name](np.repeat(target, c), np.repeat(score, c)) for c in counts.astype(int)]
    np.testing.assert_allclose(ALL[name].over_counts(target, score, counts), repeated, rtol=1e-9)
