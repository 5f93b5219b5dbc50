import numpy as np
import pytest

from components.core.errors import CasebookError
from components.recipes.regression.metrics.metrics import LOWER_IS_BETTER, regression_metrics

TARGET = np.array([1.0, 2.0, 4.0, 9.0])
ANSWER = np.array([[2.0, 0.0, 3.0], [2.0, 1.0, 3.0], [3.0, 2.0, 3.5], [6.0, 5.0, 9.0]])  # value, low, high
METRICS = regression_metrics(coverage=0.8)


def test_figures_by_hand() -> None:
    found = {name: metric(TARGET, ANSWER) for name, metric in METRICS.items()}
    assert found["rmse"] == pytest.approx(((1 + 0 + 1 + 9) / 4) ** 0.5)
    assert found["mae"] == pytest.approx((1 + 0 + 1 + 3) / 4)
    # The mean of the target is 4: squares of 3, 2, 0 and 5.
    assert found["r2"] == pytest.approx(1 - (1 + 0 + 1 + 9) / (9 + 4 + 0 + 25))
    assert found["coverage"] == 3 / 4  # 4 is above 3.5; an end belongs to its interval
    assert found["width"] == pytest.approx((3 + 2 + 1.5 + 4) / 4)
    # Quantiles of 0.1 and 0.9: a target above the low end costs a tenth of the distance, one above the high end 0.9.
    low = 0.1 * np.array([1, 1, 2, 4])
    high = np.array([0.1 * 2, 0.1 * 1, 0.9 * 0.5, 0.1 * 0])
    assert found["pinball"] == pytest.approx((low.mean() + high.mean()) / 2)
    assert {name for name in found if name not in LOWER_IS_BETTER} == {"r2", "coverage"}


@pytest.mark.parametrize("name", METRICS)
def test_over_counts_a_metric_says_what_it_says_of_repeated_rows(name: str) -> None:
    random = np.random.default_rng(3)
    target = random.normal(1e6, 2, 30)
    value = target + random.normal(0, 1, 30)
    answer = np.column_stack([value, value - 1, value + 1.5])
    counts = random.multinomial(30, np.full(30, 1 / 30), size=5).astype(float)
    found = METRICS[name].over_counts(target, answer, counts)  # type: ignore[attr-defined]
    for row, times in zip(found, counts.astype(int), strict=True):
        assert row == pytest.approx(METRICS[name](np.repeat(target, times), np.repeat(answer, times, axis=0)))


def test_targets_that_are_alike_have_no_variance_to_explain() -> None:
    assert np.isnan(METRICS["r2"](np.full(5, 0.1), np.arange(5.0)))
    resampled = METRICS["r2"].over_counts(TARGET, ANSWER, np.array([[0, 4.0, 0, 0], [1, 1, 1, 1]]))  # type: ignore[attr-defined]
    assert np.isnan(resampled[0])
    assert np.isfinite(resampled[1])


def test_values_without_intervals_have_errors_and_no_coverage() -> None:
    assert METRICS["mae"](TARGET, ANSWER[:, 0]) == METRICS["mae"](TARGET, ANSWER)
    with pytest.raises(CasebookError, match="no interval"):
        METRICS["coverage"](TARGET, ANSWER[:, 0])


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(CasebookError, match="answer: 1 of 4 rows are not finite, first row 1"):
        METRICS["rmse"](TARGET, np.array([1, np.nan, 1, 1]))
    with pytest.raises(CasebookError, match="give a number, or value, low and high"):
        METRICS["rmse"](TARGET, np.ones((4, 2)))
