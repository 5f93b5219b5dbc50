import numpy as np
import pytest

from components.recipes.competing_risks.metrics.incidence import Incidence
from components.recipes.competing_risks.metrics.metrics import Judge, known_states, threshold_at_specificity
from components.recipes.competing_risks.metrics.rows import caused_outcome, censoring_of

TARGET = np.array([[1, 1], [2, 2], [3, 0], [4, 1], [5, 0]], dtype=float)
JUDGE = Judge(["relapse", "death"], [2.0, 4.0], censoring_of(TARGET))
# By 2 and 4 of relapse, then of death.
SCORE = np.array([[0.8, 0.9, 0, 0], [0, 0, 0.9, 1], [0, 0, 0, 0], [0.2, 0.5, 0, 0], [0, 0.1, 0, 0]])


def test_every_metric_has_a_name_with_its_cause_and_time() -> None:
    found = JUDGE.metrics([4.0], 0.5)
    assert list(found) == [
        "ibs", "ibs@relapse", "c_index@relapse", "auc@relapse@2y", "auc@relapse@4y", "calibration_slope@relapse@4y",
        "calibration_intercept@relapse@4y", "ibs@death", "c_index@death", "auc@death@2y", "auc@death@4y",
        "calibration_slope@death@4y", "calibration_intercept@death@4y", "sensitivity", "specificity", "f1",
    ]  # fmt: skip


def test_the_brier_score_is_integrated_over_the_horizons() -> None:
    """By 2, nobody censored yet: (.2 ** 2 + .2 ** 2) / 5 of relapse. By 4 the third person has left, and the fourth and
    the fifth stand for 3/2: (.1 ** 2 + 3/2 * (.5 ** 2 + .1 ** 2)) / 5.
    """
    relapse = ((0.04 + 0.04) / 5 + (0.01 + 1.5 * (0.25 + 0.01)) / 5) / 2
    death = (0.01 / 5 + 0) / 2
    assert JUDGE.ibs(1)(TARGET, SCORE) == pytest.approx(relapse)
    assert JUDGE.ibs(2)(TARGET, SCORE) == pytest.approx(death)
    assert JUDGE.metrics([4.0], 0.5)["ibs"](TARGET, SCORE) == pytest.approx((relapse + death) / 2)


def test_auc_sets_those_with_the_cause_against_all_others() -> None:
    """By 4: the first (weight 1) and the fourth (3/2) against the second (1) and the fifth (3/2)."""
    score = SCORE.copy()
    score[1, 1] = 0.7  # above the fourth
    assert JUDGE.auc(1, 4.0)(TARGET, score) == pytest.approx(1 - (1.5 * 1) / (2.5 * 2.5))


def test_a_constant_of_aalen_and_johansen_is_calibrated() -> None:
    random = np.random.default_rng(1)
    target = np.column_stack([random.exponential(3, 2_000), random.integers(0, 3, 2_000)])
    judge = Judge(["relapse", "death"], [2.0, 4.0], censoring_of(target))
    score = np.tile(Incidence.of(target, 2).at([2.0, 4.0]).ravel(), (len(target), 1))
    for cause in (1, 2):
        assert judge.calibration(cause, 4.0, slope=False)(target, score) == pytest.approx(0, abs=1e-6)


def test_over_counts_says_what_repeated_rows_say() -> None:
    random = np.random.default_rng(2)
    target = np.column_stack([random.exponential(3, 60), random.integers(0, 3, 60)])
    score = random.uniform(0.1, 0.9, (60, 4))
    drawn = random.integers(0, 60, 60)
    counts = np.bincount(drawn, minlength=60)[None].astype(float)
    judge = Judge(["relapse", "death"], [2.0, 4.0], censoring_of(target))
    for name, metric in judge.metrics([4.0], 0.5).items():
        once = metric.over_counts(target, score, counts)  # type: ignore[attr-defined]
        assert once == pytest.approx(metric(target[drawn], score[drawn]), rel=1e-6), name


def test_the_threshold_is_of_the_first_cause() -> None:
    """By 4, without it: the second and the fifth. The threshold lies above the higher of the two."""
    risk = np.array([0.9, 0.2, 0.3, 0.5, 0.1])
    had, had_not = known_states(caused_outcome(TARGET), 1, 4)
    assert (had.tolist(), had_not.tolist()) == ([True, False, False, True, False], [False, True, False, False, True])
    assert threshold_at_specificity(TARGET, risk, 4, 0.9) == pytest.approx(0.25)
    found = JUDGE.metrics([4.0], 0.25)
    assert [found[name](TARGET, SCORE) for name in ("sensitivity", "specificity", "f1")] == [1, 1, 1]
