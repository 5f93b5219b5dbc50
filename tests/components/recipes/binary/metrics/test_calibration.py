import json
import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from components.core.errors import CasebookError
from components.recipes.binary.metrics.calibration import choose_calibrator, fit_calibrator
from components.recipes.binary.metrics.calibrator import METHODS, Calibrator
from components.recipes.binary.metrics.metrics import log_loss
from tests.examples import examples


def rows(size=3000, seed=0):
    """Targets, and log-odds that are exact."""
    generator = np.random.default_rng(seed)
    odds = generator.normal(-0.5, 1.5, size=size)
    return (generator.random(size) < expit(odds)).astype(int), odds


def test_platt_undoes_a_line_in_log_odds():
    target, odds = rows(100_000)
    found = fit_calibrator("platt", target, expit(3 * odds + 1))  # true = (score's - 1) / 3
    assert found.values["slope"] == pytest.approx(1 / 3, abs=0.01)
    assert found.values["intercept"] == pytest.approx(-1 / 3, abs=0.02)


def test_platt_is_scikit_learns_logistic_regression_on_log_odds():
    target, odds = rows()
    score = expit(2 * odds + 1)
    peer = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10).fit(logit(score)[:, None], target)
    found = fit_calibrator("platt", target, score).apply(score)
    assert found == pytest.approx(peer.predict_proba(logit(score)[:, None])[:, 1], abs=1e-6)


def test_beta_is_scikit_learns_logistic_regression_on_both_ends():
    target, odds = rows()
    score = expit(odds) ** 2
    ends = np.column_stack([np.log(score), -np.log1p(-score)])
    peer = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10).fit(ends, target)
    assert (peer.coef_ > 0.01).all()  # within the bounds, so both must agree
    found = fit_calibrator("beta", target, score).apply(score)
    assert found == pytest.approx(peer.predict_proba(ends)[:, 1], abs=1e-5)


def test_isotonic_is_scikit_learns_kept_away_from_certainty():
    target, odds = rows(500)
    score = expit(odds)
    found = fit_calibrator("isotonic", target, score)
    peer = IsotonicRegression(out_of_bounds="clip").fit(score, target)
    unseen = np.linspace(0, 1, 301)
    assert found.apply(unseen) == pytest.approx(np.clip(peer.predict(unseen), 1 / 502, 501 / 502))


def test_isotonic_of_rows_without_a_bad_in_the_lowest_band():
    found = fit_calibrator("isotonic", np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.6, 0.9]))
    assert found.apply(np.array([0.1, 0.9])) == pytest.approx([1 / 6, 5 / 6])


@pytest.mark.parametrize("method", [method for method in METHODS if method != "identity"])
def test_calibrating_helps_rows_it_was_not_fitted_to(method):
    target, odds = rows(6000)
    score = expit(2.5 * odds + 1)
    found = fit_calibrator(method, target[:3000], score[:3000])
    after, before, best = (
        log_loss(target[3000:], p) for p in (found.apply(score[3000:]), score[3000:], expit(odds[3000:]))
    )
    assert after < before - 0.1
    assert after < best + 0.01


@settings(deadline=None, max_examples=examples(60))
@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=40),
    st.lists(st.floats(0, 1), min_size=2, max_size=30),
)
@pytest.mark.parametrize("method", METHODS)
def test_the_order_is_kept_whatever_it_is_fitted_to(method, pairs, unseen):
    target, score = np.array(pairs, dtype=float).T
    fitted = fit_calibrator(method, target, score)
    found = fitted.apply(np.sort(unseen))
    assert ((found >= 0) & (found <= 1)).all()
    assert (np.diff(found) >= -1e-12).all()
    again = Calibrator.from_json(json.loads(json.dumps(fitted.to_json(), allow_nan=False)))
    np.testing.assert_array_equal(again.apply(np.sort(unseen)), found)


@pytest.mark.parametrize("method", ["platt", "beta"])
def test_a_score_that_ranks_backwards_keeps_its_order_near_the_base_rate(method):
    target, odds = rows()
    score = expit(-odds)
    found = fit_calibrator(method, target, score).apply(np.array([0.3, 0.5, 0.7]))
    assert (np.diff(found) > 0).all()
    assert found == pytest.approx([target.mean()] * 3, abs=0.03)


def test_the_choice_goes_by_log_loss_of_rows_held_out():
    target, odds = rows(2000)
    choice = choose_calibrator(("identity", "platt"), target, expit(3 * odds), folds=5, seed=1)
    assert choice.calibrator == fit_calibrator("platt", target, expit(3 * odds))
    assert choice.log_loss["platt"] < choice.log_loss["identity"]
    assert choice.log_loss["identity"] == pytest.approx(log_loss(target, expit(3 * odds)))
    assert set(choice.brier) == {"identity", "platt"}


def test_isotonic_is_not_chosen_where_it_only_learns_noise():
    target, odds = rows(200)
    choice = choose_calibrator(("identity", "isotonic"), target, expit(odds), folds=5, seed=1)
    assert choice.calibrator.method == "identity"
    fitted = fit_calibrator("isotonic", target, expit(odds))
    assert log_loss(target, fitted.apply(expit(odds))) < log_loss(target, expit(odds))  # it looks better where fitted


def test_the_choice_is_the_same_each_time():
    target, odds = rows(300)
    first, again = (choose_calibrator(tuple(METHODS), target, expit(odds), folds=4, seed=2) for _ in range(2))
    assert first == again


def test_with_few_bads_there_are_fewer_folds_and_with_one_there_is_no_choice(caplog):
    score = np.linspace(0.05, 0.95, 30)
    three = np.zeros(30)
    three[[20, 25, 28]] = 1
    assert set(choose_calibrator(("identity", "platt"), three, score, folds=5, seed=1).log_loss) == {
        "identity",
        "platt",
    }
    one = np.zeros(30)
    one[25] = 1
    with caplog.at_level(logging.WARNING):
        assert choose_calibrator(("platt",), one, score, folds=5, seed=1).calibrator.method == "identity"
    assert "1 row(s) of the rarer class" in caplog.text


def test_an_unknown_method_is_named():
    with pytest.raises(CasebookError, match="no method 'spline'; there are"):
        fit_calibrator("spline", np.array([0, 1]), np.array([0.1, 0.9]))


def test_a_map_that_helps_by_less_than_its_error_is_taken_but_not_surely():
    target, odds = rows(300)
    methods = ["identity", "platt"]
    nearly, far = expit(1.3 * odds), expit(4 * odds + 1)
    assert choose_calibrator(methods, target, nearly, folds=5, seed=0).calibrator.method == "platt"
    assert choose_calibrator(methods, target, nearly, folds=5, seed=0, surely=True).calibrator.method == "identity"
    surely = choose_calibrator(methods, target, far, folds=5, seed=0, surely=True)
    assert surely.calibrator == fit_calibrator("platt", target, far)
