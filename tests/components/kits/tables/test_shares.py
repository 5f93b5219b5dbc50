import numpy as np
import pytest

from components.core.errors import CasebookError
from components.core.job import TEST, TRAIN, VALIDATION
from components.kits.tables.shares import check_shares, count_shares, design_effect, shares_table
from tests.components.kits.tables.tables import NUMERIC, spec, told

GROUP = {"by": "group", "column": "g", "validation": 0.2, "test": 0.2, "seed": 1}
TIME = {"by": "time", "column": "t", "validation": 0.2, "test": 0.2}


def splits(*positives_of: tuple[int, int]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Splits of so many rows with so many positives, one after another."""
    target = np.concatenate([np.arange(rows) < positives for rows, positives in positives_of]).astype(np.int8)
    ends = np.cumsum([rows for rows, _ in positives_of])
    parts = np.split(np.arange(len(target)), ends[:-1])
    return dict(zip((TRAIN, VALIDATION, TEST), parts, strict=True)), target


def test_rows_positives_and_shares_are_told() -> None:
    shares = count_shares(*splits((60, 15), (20, 5), (20, 4)))
    assert shares.told() == (
        "train 60 rows, 15 positive (25.0%); validation 20 rows, 5 positive (25.0%); test 20 rows, 4 positive (20.0%)"
    )
    table = shares_table(shares.to_json(), "bad")
    assert list(table.columns) == ["split", "rows", "bad", "share"]
    assert [list(row) for row in table.rows] == [
        [TRAIN, 60, 15, "25.0%"], [VALIDATION, 20, 5, "25.0%"], [TEST, 20, 4, "20.0%"],
    ]  # fmt: skip


def test_the_chance_is_that_of_chi_squared() -> None:
    # 30 of 100, 40 of 100, 55 of 100: 41.67 expected each, (11.67² + 1.67² + 13.33²) / 41.67 = 7.6; over 1 - 0.4167 it
    # is 13.03, and the chance exp(-13.03 / 2) = 0.0015
    assert count_shares(*splits((100, 30), (100, 40), (100, 55))).chance == pytest.approx(0.0015, abs=0.0008)
    assert count_shares(*splits((100, 40), (100, 40), (100, 40))).chance == 1.0
    assert count_shares(*splits((100, 0), (100, 0), (100, 0))).chance == 1.0


def test_few_persons_differ_by_chance_where_as_many_rows_would_not() -> None:
    target = np.repeat([0, 1, 0, 1, 0, 0], 50)  # six persons, each always the same: 50 rows count as one
    persons = np.repeat(np.arange(6), 50)
    # beyond its share of 1/3 a person is 50 * 2/3 or -50 * 1/3: (2 * 1111.1 + 4 * 277.8) / (300 * 2/9) = 50
    assert design_effect(target, persons) == pytest.approx(50)
    assert design_effect(target, None) == 1.0
    assert design_effect(np.arange(300) % 2, persons) == 1.0  # never less than rows by themselves
    parts = {TRAIN: np.arange(200), VALIDATION: np.arange(200, 250), TEST: np.arange(250, 300)}
    assert count_shares(parts, target).chance < 0.001
    assert count_shares(parts, target, persons).chance > 0.1


def test_a_difference_beyond_chance_is_asked_and_answered_by_the_block() -> None:
    shares = count_shares(*splits((300, 105), (100, 20), (100, 60)))
    with pytest.raises(CasebookError) as caught:
        check_shares(shares, spec({"x": NUMERIC}, split=TIME))
    message = str(caught.value)
    assert message.startswith("rows.csv: split 'time' by t: the splits have different shares of 'yes' (positive): ")
    for said in ("105 positive (35.0%)", "20 positive (20.0%)", "60 positive (60.0%)", "prepare.split.uneven: true"):
        assert said in message
    assert told(check_shares, shares, spec({"x": NUMERIC}, split=TIME | {"uneven": True})) == ""
    even = count_shares(*splits((300, 105), (100, 30), (100, 40)))
    assert told(check_shares, even, spec({"x": NUMERIC}, split=GROUP)) == ""
