import numpy as np
import pytest
from sklearn import metrics as sk

from components.core.errors import CasebookError
from components.evaluation.bootstrap import draw_counts
from components.recipes.multiclass.metrics import metrics
from components.recipes.multiclass.metrics.metrics import class_metrics

# Classes a, b, c; of five rows the third and the fourth are answered wrongly.
TARGET = np.array([0, 0, 1, 2, 1])
SCORE = np.array([[0.8, 0.1, 0.1], [0.5, 0.3, 0.2], [0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.1, 0.7, 0.2]])
ALL = class_metrics(classes=["a", "b", "c"], bins=2)


def many_rows(size=400, classes=4, seed=1):
    generator = np.random.default_rng(seed)
    score = generator.dirichlet(np.ones(classes), size=size)
    target = np.array([generator.choice(classes, p=row) for row in score])
    return target, score


def test_log_loss_is_the_mean_surprise():
    surprise = np.log(0.8) + np.log(0.5) + np.log(0.3) + np.log(0.3) + np.log(0.7)
    assert metrics.log_loss(TARGET, SCORE) == pytest.approx(-surprise / 5)


def test_brier_sums_the_squared_errors_of_all_classes():
    rows = [0.2**2 + 2 * 0.1**2, 0.5**2 + 0.3**2 + 0.2**2, 0.6**2 + 0.7**2 + 0.1**2]
    rows += [0.2**2 + 0.5**2 + 0.7**2, 0.1**2 + 0.3**2 + 0.2**2]
    assert metrics.brier(TARGET, SCORE) == pytest.approx(sum(rows) / 5)


def test_accuracy_is_the_share_answered_rightly():
    assert metrics.accuracy(TARGET, SCORE) == 3 / 5


def test_f1_of_a_class_counts_its_rows_and_the_answers_that_name_it():
    # a: 2 hits of 2 rows, 3 answers; b: 1 hit of 2 rows, 2 answers; c: none of 1 row, no answer.
    found = [ALL[f"f1@{name}"](TARGET, SCORE) for name in "abc"]
    assert found == pytest.approx([2 * 2 / (2 + 3), 2 * 1 / (2 + 2), 0])
    assert metrics.macro_f1(TARGET, SCORE) == pytest.approx((4 / 5 + 1 / 2 + 0) / 3)


def test_a_class_that_is_neither_there_nor_answered_is_left_out_of_the_mean():
    two = TARGET[:2], SCORE[:2]
    assert np.isnan(ALL["f1@b"](*two))
    assert metrics.macro_f1(*two) == 1


def test_auc_of_a_class_is_against_the_rest():
    # b's rows have 0.3 and 0.7, the others 0.1, 0.3 and 0.5: 1 + 1/2 + 0 and 3 of six pairs.
    assert ALL["auc@b"](TARGET, SCORE) == pytest.approx((1.5 + 3) / 6)
    assert np.isnan(ALL["auc@c"](TARGET[:3], SCORE[:3]))


def test_ece_is_of_what_is_answered():
    # Half of the mass is at 0.5, 0.5 and half of 0.6; 0.6 lies in the middle, so it goes with 0.7 and 0.8.
    gaps = abs((1 - 0.5) + (0 - 0.5)) + abs((0 - 0.6) + (1 - 0.7) + (1 - 0.8))
    assert ALL["ece"](TARGET, SCORE) == pytest.approx(gaps / 5)


def test_class_ece_is_the_mean_over_classes():
    one = class_metrics(classes=["a", "b", "c"], bins=1)["class_ece"]
    gaps = [abs(2 - 2.2), abs(2 - 1.9), abs(1 - 0.9)]
    assert one(TARGET, SCORE) == pytest.approx(sum(gaps) / 5 / 3)


def test_metrics_are_scikit_learns():
    target, score = many_rows()
    assert metrics.log_loss(target, score) == pytest.approx(sk.log_loss(target, score))
    assert metrics.auc(target, score) == pytest.approx(sk.roc_auc_score(target, score, multi_class="ovr"))
    answered = score.argmax(axis=1)
    assert metrics.macro_f1(target, score) == pytest.approx(sk.f1_score(target, answered, average="macro"))
    assert metrics.accuracy(target, score) == pytest.approx(sk.accuracy_score(target, answered))
    one_hot = np.eye(4)[target]
    assert metrics.brier(target, score) == pytest.approx(((one_hot - score) ** 2).sum(axis=1).mean())


@pytest.mark.parametrize("name", list(ALL))
def test_counts_say_what_repeated_rows_say(name):
    target, score = many_rows(60, 3)
    counts = next(draw_counts(60, resamples=7, seed=3))
    repeated = [
        ALL[name](np.repeat(target, times.astype(int)), np.repeat(score, times.astype(int), axis=0)) for times in counts
    ]
    assert ALL[name].over_counts(target, score, counts) == pytest.approx(repeated)


@pytest.mark.parametrize(
    ("target", "score", "said"),
    [
        ([0, 1], np.full((3, 2), 0.5), r"target \(2,\) and score \(3, 2\)"),
        ([0, 3, 1], np.full((3, 2), 0.5), "1 of 3 rows are no code of 2 classes, such as 3"),
        ([0, 1, 1], [[0.5, 0.5], [np.nan, 1], [1, 0]], "1 of 3 rows are not finite, first row 1"),
        ([0, 1, 1], [[0.5, 0.5], [2, -1], [1, 0]], r"1 of 3 rows are no probabilities .* row 1, \[2.0, -1.0\]"),
        ([0, 1, 1], [[0.5, 0.5], [0.2, 0.2], [1, 0]], "shares that sum to 1, not margins"),
    ],
)
def test_rows_that_are_no_probabilities_are_refused(target, score, said):
    with pytest.raises(CasebookError, match=said):
        metrics.log_loss(np.array(target), np.array(score))
