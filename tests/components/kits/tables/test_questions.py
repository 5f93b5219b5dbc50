import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from components.kits.tables.hindsight import find_of_classes, find_of_number, hindsight_table
from components.kits.tables.outcome.number import number_strata
from components.kits.tables.questions import Number, SeveralClasses, TwoValues
from tests.components.kits.tables.tables import NUMERIC, spec

RANDOM = np.random.default_rng(0)
ROWS = 1200


def test_of_several_classes_it_is_the_mean_auc_against_the_rest() -> None:
    target, told = RANDOM.integers(0, 3, 200), RANDOM.dirichlet(np.ones(3), 200)
    auc, _ = SeveralClasses(3).judge(told, target)
    assert auc == pytest.approx(roc_auc_score(target, told, multi_class="ovr"))


def test_the_error_of_two_classes_is_that_of_two_values() -> None:
    target = np.repeat([0, 1], [150, 50])
    one, other = target + RANDOM.normal(size=200), target + 2 * RANDOM.normal(size=200)
    two, several = TwoValues(), SeveralClasses(2)
    loss = two.judge(one, target)[1] - two.judge(other, target)[1]
    both = [several.judge(np.column_stack([-told, told]), target)[1] for told in (one, other)]
    assert several.error(both[0] - both[1], target) == pytest.approx(two.error(loss, target), rel=1e-6)


@pytest.mark.parametrize(("r", "expected"), [(0.0, 0.5), (0.5, 0.5 + 1 / 6), (1.0, 0.9955)])
def test_of_a_number_it_is_the_chance_that_two_rows_are_in_order(r: float, expected: float) -> None:
    one = RANDOM.normal(size=20_000)
    told = r * one + np.sqrt(1 - r**2) * RANDOM.normal(size=20_000)
    assert Number().judge(told, one)[0] == pytest.approx(expected, abs=0.01)


def asked(rows: int = ROWS) -> pd.DataFrame:
    return pd.DataFrame(RANDOM.normal(size=(rows, 4)), columns=list("abcd"))


def test_what_was_written_afterwards_is_found_of_a_number() -> None:
    frame = asked()
    target = frame["a"] + 0.5 * frame["b"] + RANDOM.normal(size=ROWS)
    frame["part"] = target * RANDOM.uniform(0.2, 0.8, ROWS)
    frame["rest"] = target - frame["part"]
    columns = dict.fromkeys(frame, NUMERIC)
    strata = number_strata(target.to_numpy())
    (one,) = find_of_number(frame, target.to_numpy(), strata, spec(columns))
    assert set(one.columns) <= {"part", "rest"}
    assert one.told().startswith(f"{', '.join(one.columns)}: a small tree model reaches concordance ")
    assert hindsight_table([one.to_json()]).columns[1] == "concordance with"
    assert not find_of_number(frame, target.to_numpy(), strata, spec(columns, known=["part", "rest"]))


def test_what_was_written_afterwards_is_found_of_classes_and_honest_columns_are_not() -> None:
    frame = asked()
    target = np.digitize(frame["a"] + RANDOM.normal(size=ROWS), [-0.7, 0.7])
    assert not find_of_classes(frame, target, spec(dict.fromkeys(frame, NUMERIC)))
    frame["low"], frame["high"] = target + 0.9 * RANDOM.random(ROWS), RANDOM.normal(size=ROWS)
    (one,) = find_of_classes(frame, target, spec(dict.fromkeys(frame, NUMERIC)))
    assert (one.columns, one.kind, one.measure) == (("low",), "after", "mean AUC")


def test_classes_of_few_rows_are_not_looked_at() -> None:
    frame, target = asked(80), np.repeat([0, 1, 2], [70, 5, 5])
    assert find_of_classes(frame, target, spec(dict.fromkeys(frame, NUMERIC))) == []
