"""Effects by hand, of a score that is a formula of its columns."""

import numpy as np
import pandas as pd
import pytest

from components.kits.tables.effects import effect, strongest_effects
from components.kits.tables.encoding.convert import typed_rows
from components.kits.tables.encoding.spec import BandColumn, CategoricalColumn, NumericColumn
from tests.components.kits.tables.explained import AsColumns, Explained

NUMBER = NumericColumn(kind="numeric", min=None, max=None)
COLUMNS = {"a": NUMBER, "b": NUMBER, "c": CategoricalColumn(kind="categorical", values=None)}
ROWS = pd.DataFrame({"a": [3.0, 0.0, 1.0], "b": [1.0, 6.0, 2.0], "c": ["x", "y", "x"]})
TYPICAL = {"a": 1.5, "b": 2.0, "c": "x"}


def score(rows: AsColumns) -> np.ndarray:
    """Twice a less b, and 10 for y."""
    return 2 * rows["a"] - rows["b"] + 10.0 * (rows["c"] == "y")


EXPLAINED = Explained(ROWS, score, TYPICAL)
REPLACED = EXPLAINED.typical(TYPICAL)


def test_a_number_is_put_into_all_rows_and_a_class_into_all_rows() -> None:
    typed = typed_rows(ROWS, COLUMNS)
    number = effect(EXPLAINED.score, typed, ROWS["a"], COLUMNS["a"], REPLACED.encoder)
    assert number.values.tolist() == [0, 1, 3]
    # With any a: b is 3 in the mean, and one row of three is y.
    assert number.answers == pytest.approx([0 - 3 + 10 / 3, 2 - 3 + 10 / 3, 6 - 3 + 10 / 3])
    assert number.held.tolist() == [3, 0, 1]
    classes = effect(EXPLAINED.score, typed, ROWS["c"], COLUMNS["c"], REPLACED.encoder)
    assert classes.values.tolist() == ["x", "y"]
    assert classes.answers == pytest.approx([8 / 3 - 3, 8 / 3 - 3 + 10])
    assert classes.held.tolist() == [2, 1]
    assert (number.is_number, classes.is_number) == (True, False)


def test_bands_stand_in_their_own_order() -> None:
    band = BandColumn(kind="band", edges=(1.0,), labels=("y", "x"))
    assert effect(EXPLAINED.score, typed_rows(ROWS, COLUMNS), ROWS["c"], band, REPLACED.encoder).values.tolist() == [
        "y",
        "x",
    ]


def test_the_columns_that_set_rows_furthest_apart_come_first() -> None:
    options = {"scale": lambda answers: answers, "seed": 0}
    # From the typical row, in the mean: a 3, 3 and 1 of 3; b 1, 4 and 0; c 10 once.
    found = strongest_effects(EXPLAINED.score, ROWS, COLUMNS, REPLACED, most=2, **options)
    assert [one.column for one in found] == ["c", "a"]
    # A column without a value has no effect to show.
    empty = ROWS.assign(c=pd.Series([None] * 3, dtype="str"))
    assert "c" not in [
        one.column for one in strongest_effects(EXPLAINED.score, empty, COLUMNS, REPLACED, most=3, **options)
    ]
