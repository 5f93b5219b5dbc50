import numpy as np
import pandas as pd
import pytest

from components.kits.tables.outcome.leaks import check_class_leaks, check_number_leaks, class_aucs, leak_r2
from tests.components.kits.tables.outcome.blocks import classes, number
from tests.components.kits.tables.tables import CATEGORICAL, NUMERIC, told

RANDOM = np.random.default_rng(3)
ANSWERS = np.tile([0, 1, 2], 100)
NOISE = RANDOM.normal(size=300)


def test_ranges_of_a_number_that_part_the_classes_are_a_leak_in_any_order() -> None:
    apart = np.array([1.0, 0.0, 2.0])[ANSWERS] + 0.9 * RANDOM.random(300)  # the first class lies in the middle
    assert class_aucs(pd.Series(apart), "numeric", ANSWERS, np.arange(3)).min() > 0.99
    assert class_aucs(pd.Series(NOISE), "numeric", ANSWERS, np.arange(3)).max() < 0.65
    frame = pd.DataFrame({"x": apart, "z": NOISE})
    message = told(check_class_leaks, frame, ANSWERS, classes("a", "b", "c"))
    assert "rows.csv: column x alone reaches a mean AUC of" in message
    assert "prepare.max_leak_auc is 0.99" in message
    assert "column z" not in message


def test_words_for_the_classes_are_a_leak_and_a_name_for_each_row_is_none() -> None:
    columns = {"x": CATEGORICAL, "z": CATEGORICAL}
    words = pd.DataFrame({"x": np.array(["red", "blue", None])[ANSWERS], "z": [f"n{row}" for row in range(300)]})
    spec = classes("a", "b", "c", columns=columns)
    assert class_aucs(words["z"], "categorical", ANSWERS, np.arange(3)).max() < 0.6
    assert "column x alone" in told(check_class_leaks, words, ANSWERS, spec)


def test_a_column_that_tells_one_class_alone_is_told_and_not_refused(caplog: pytest.LogCaptureFixture) -> None:
    frame = pd.DataFrame({"x": np.where(ANSWERS == 1, 5, 0) + 0.1 * NOISE, "z": NOISE})
    check_class_leaks(frame, ANSWERS, classes("a", "b", "c"))
    assert "column x alone tells 'b' from all others (AUC" in caplog.text
    caplog.clear()
    check_class_leaks(frame, ANSWERS, classes("a", "b", "c", known=["x"]))
    assert not caplog.text


@pytest.mark.parametrize(
    ("leak", "kind", "least"),
    [
        (lambda y: 1.2 * y + 3, "numeric", 0.9999),
        (lambda y: -np.exp(y), "numeric", 0.9999),  # by ranks
        (lambda y: (y - 0.3) ** 2, "numeric", 0.0),
        (lambda y: pd.Series(np.digitize(y, np.linspace(-2, 2, 60))).map("bin {}".format), "categorical", 0.8),
    ],
)
def test_what_a_column_explains_of_a_number_alone(leak, kind: str, least: float) -> None:
    answers = np.random.default_rng(5).normal(size=2000)
    assert leak_r2(pd.Series(leak(answers)), kind, answers) >= least


def test_a_column_that_explains_nothing_explains_next_to_nothing() -> None:
    answers = np.random.default_rng(5).normal(size=300)
    assert leak_r2(pd.Series(NOISE), "numeric", answers) < 0.1
    holes = pd.Series(np.where(np.arange(300) % 3, answers, np.nan))
    assert leak_r2(holes, "numeric", answers) < 0.9, "of a third of the rows it says nothing"


def test_a_column_that_explains_the_number_is_refused() -> None:
    answers = np.random.default_rng(5).normal(size=300)
    frame = pd.DataFrame({"x": answers * 2, "z": NOISE})
    message = told(check_number_leaks, frame, answers, number())
    assert "column x alone explains 1.0000 of the variance (R²) on the training rows (prepare.max_leak_r2 is" in message
    assert "column z" not in message
    assert not told(check_number_leaks, frame, answers, number(max_leak_r2=1.0))
    assert not told(check_number_leaks, frame, answers, number(columns={"z": NUMERIC}))
