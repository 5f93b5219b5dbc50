import logging
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.errors import CasebookError
from components.core.parts import CountedMetric
from components.evaluation.bootstrap import (
    Counted,
    Resampling,
    counted,
    draw_counts,
    interval,
    intervals,
    paired_difference,
    summarise,
)
from tests.examples import examples


def mean_error(target, score):
    """A metric without a form over counts."""
    return float(np.mean(target - score))


def mean_error_over_counts(target, score, counts):
    return counts @ (target - score) / counts.sum(axis=1)


fast_mean_error = counted(mean_error_over_counts)(mean_error)


def rows(seed=0, size=60):
    generator = np.random.default_rng(seed)
    return generator.normal(size=size), generator.normal(size=size)


SETTINGS = Resampling(resamples=200, confidence=0.9, seed=3)


def test_each_resample_draws_as_many_rows_as_there_are():
    counts = np.concatenate(list(draw_counts(40, resamples=7, seed=1)))
    assert counts.shape == (7, 40)
    assert (counts.sum(axis=1) == 40).all()
    assert len(np.unique(counts, axis=0)) == 7


def test_a_row_is_left_out_of_a_resample_as_often_as_drawing_with_replacement_says():
    counts = np.concatenate(list(draw_counts(50, resamples=4000, seed=1)))
    assert np.mean(counts == 0) == pytest.approx((1 - 1 / 50) ** 50, abs=0.005)


def test_the_draws_do_not_depend_on_how_many_are_held_at_once(monkeypatch):
    whole = np.concatenate(list(draw_counts(30, resamples=11, seed=5)))
    monkeypatch.setattr("components.evaluation.bootstrap.ENTRIES", 60)
    parts = list(draw_counts(30, resamples=11, seed=5))
    assert [len(part) for part in parts] == [2, 2, 2, 2, 2, 1]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_groups_are_drawn_whole():
    groups = np.array(["a", "b", "a", "c", "b", "a"])
    for counts in np.concatenate(list(draw_counts(6, resamples=50, seed=2, groups=groups))):
        assert counts[0] == counts[2] == counts[5]
        assert counts[1] == counts[4]
        assert counts[0] + counts[1] + counts[3] == 3  # three groups drawn of three


def test_a_slow_metric_and_its_form_over_counts_see_the_same_resamples():
    target, score = rows()
    slow, fast = (
        interval(mean_error, target, score, resampling=SETTINGS),
        interval(fast_mean_error, target, score, resampling=SETTINGS),
    )
    assert isinstance(fast_mean_error, CountedMetric)
    assert not isinstance(mean_error, CountedMetric)
    assert (slow.value, slow.low, slow.high) == pytest.approx((fast.value, fast.low, fast.high), abs=1e-12)


def test_the_interval_of_a_mean_is_that_of_its_standard_error():
    target, score = rows(size=900)
    found = interval(fast_mean_error, target, score, resampling=Resampling(4000, confidence=0.95, seed=1))
    error = np.std(target - score) / np.sqrt(900)
    assert found.value == pytest.approx(np.mean(target - score))
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.04)


def test_the_bounds_are_percentiles_of_the_resampled_values():
    found = summarise("metric", 0.4, np.arange(101) / 100, confidence=0.9)
    assert (found.value, found.low, found.high) == pytest.approx((0.4, 0.05, 0.95))


def test_targets_and_scores_may_have_more_dimensions():
    generator = np.random.default_rng(0)
    target, score = generator.normal(size=(30, 2)), generator.normal(size=(30, 4))

    def metric(target, score):
        assert target.shape == (30, 2)
        assert score.shape == (30, 4)
        return float(target[:, 0].mean() + score[:, 3].mean())

    found = interval(metric, target, score, resampling=Resampling(100, confidence=0.9, seed=1))
    assert found.low < found.value < found.high


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    target, score = rows()
    first, again = (interval(mean_error, target, score, resampling=SETTINGS) for _ in range(2))
    other = interval(mean_error, target, score, resampling=replace(SETTINGS, seed=4))
    assert first == again
    assert first != other


def test_a_paired_difference_uses_the_same_rows_on_both_sides():
    target, score = rows()
    found = paired_difference(mean_error, target, score, score + 0.25, resampling=SETTINGS)
    # mean(t - s) - mean(t - s - 0.25) is 0.25 on any rows, so only pairing gives an interval of no width.
    assert (found.value, found.low, found.high) == pytest.approx((0.25, 0.25, 0.25))
    assert found.share_below == 0
    assert found.used == 200


def test_the_share_below_zero_is_counted():
    target, score = rows(size=400)
    noise = np.random.default_rng(9).normal(size=400)
    found = paired_difference(
        fast_mean_error, target, score + noise * 0.1, score, resampling=replace(SETTINGS, resamples=2000)
    )
    # The difference is -mean(noise) / 10, whose sampling error is sd / 20 of noise / 10.
    from scipy.stats import norm

    expected = norm.cdf(0, loc=-noise.mean(), scale=noise.std() / np.sqrt(400))
    assert found.share_below == pytest.approx(expected, abs=0.03)


def share_of_ones(target, score):  # noqa: ARG001 - a metric that is not defined without a one
    return float(target.mean()) if target.any() else np.nan


def test_resamples_that_do_not_define_the_metric_are_skipped_and_counted(caplog):
    target = np.array([1.0] * 3 + [0.0] * 27)
    with caplog.at_level(logging.WARNING):
        found = interval(share_of_ones, target, target, resampling=Resampling(500, confidence=0.9, seed=1))
    assert np.isfinite([found.low, found.high]).all()
    assert found.low == pytest.approx(1 / 30)  # no resample without a one has counted as 0
    assert "share_of_ones" in caplog.text
    skipped = int(caplog.text.split(" of 500 resamples")[0].split()[-1])
    assert skipped == pytest.approx(500 * 0.9**30, abs=25)


def test_too_few_defining_resamples_are_an_error_that_counts_them():
    target = np.array([1.0] + [0.0] * 29)
    with pytest.raises(CasebookError, match=r"share_of_ones: not defined on 1\d\d of 500 resamples.*give more rows"):
        interval(share_of_ones, target, target, resampling=Resampling(500, confidence=0.9, seed=1))


def test_a_metric_not_defined_on_the_rows_themselves_is_an_error():
    with pytest.raises(CasebookError, match="share_of_ones: not defined on these rows"):
        interval(share_of_ones, np.zeros(30), np.zeros(30), resampling=Resampling(100, confidence=0.9, seed=1))


def test_intervals_leave_out_an_undefined_metric_and_name_it(caplog):
    target, score = np.zeros(30), np.arange(30.0)
    metrics = {"error": mean_error, "ones": share_of_ones}
    found = intervals(metrics, target, score, resampling=SETTINGS)
    assert set(found) == {"error"}
    assert found["error"] == interval(mean_error, target, score, resampling=SETTINGS)
    assert "ones: not defined" in caplog.text
    assert "left out" in caplog.text


def test_unequal_lengths_and_no_rows_are_errors():
    with pytest.raises(CasebookError, match="3 targets and 2 scores"):
        interval(mean_error, np.zeros(3), np.zeros(2), resampling=SETTINGS)
    with pytest.raises(CasebookError, match="0 targets and 0 scores"):
        interval(mean_error, np.zeros(0), np.zeros(0), resampling=SETTINGS)


def test_a_counted_metric_keeps_its_name_and_docstring():
    assert isinstance(fast_mean_error, Counted)
    assert fast_mean_error.__name__ == "mean_error"
    assert fast_mean_error.__doc__ == "A metric without a form over counts."


@settings(deadline=None, max_examples=examples(50))
@given(
    st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5)), min_size=1, max_size=20),
    st.integers(0, 2**32 - 1),
)
def test_over_counts_equals_repeating_the_rows(pairs, seed):
    target, score = np.array(pairs).T
    counts = next(iter(draw_counts(len(target), resamples=5, seed=seed)))
    repeated = [mean_error(np.repeat(target, c), np.repeat(score, c)) for c in counts.astype(int)]
    np.testing.assert_allclose(fast_mean_error.over_counts(target, score, counts), repeated, atol=1e-12)
