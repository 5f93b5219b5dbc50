import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from components.kits.tables.encoding.cells import Cells
from components.recipes.next_item.encoding.numbers import absent, numbers

NUMBERS: list[tuple[Any, float]] = [
    ("5", 5),
    (" 7\t", 7),
    ("-2.50", -2.5),
    ("+.5", 0.5),
    ("1.", 1),
    ("1e3", 1000),
    ("1.5E-1", 0.15),
    ("-Infinity", -np.inf),
    ("1e400", np.inf),
    ("", np.nan),
    ("1_000", np.nan),
    ("1,000", np.nan),
    ("0x10", np.nan),
    ("\N{FULLWIDTH DIGIT ONE}", np.nan),
    ("\ud800", np.nan),
    ("good", np.nan),
    ("nan", np.nan),
    (".", np.nan),
    ("1e", np.nan),
    (None, np.nan),
]


def test_texts_are_numbers_where_they_are_plain_ones() -> None:
    texts, expected = zip(*NUMBERS, strict=True)
    np.testing.assert_array_equal(numbers(list(texts)), expected)
    storable = [text if text != "\ud800" else "?" for text in texts]
    np.testing.assert_array_equal(numbers(pa.array(storable)), expected)
    np.testing.assert_array_equal(numbers(pa.array(storable).dictionary_encode()), expected)


def test_cells_of_several_types_are_numbers_where_they_can_be() -> None:
    cells = [3, True, 2.5, Decimal("1.25"), np.float32(0.5), "4", 10**400, datetime.date(2020, 1, 1), [1], None, pd.NA]
    expected = [3, 1, 2.5, 1.25, 0.5, 4, np.nan, np.nan, np.nan, np.nan, np.nan]
    np.testing.assert_array_equal(numbers(cells), expected)
    np.testing.assert_array_equal(numbers(pa.array([True, None])), [1, np.nan])
    np.testing.assert_array_equal(numbers(pa.array([2**53, None])), [2**53, np.nan])


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (pa.array([" ", "x", "n/A ", None, "-1"]), [True, False, True, True, True]),
        (pa.array(["x", None]).dictionary_encode(), [False, True]),
        (pa.array([-1, 0, None]), [True, False, True]),
        (pa.array([-1.0, float("nan"), 2.5]), [True, True, False]),
        ([-1, "-1", "", None, float("nan"), 0, "N/A"], [True, True, True, True, True, False, True]),
    ],
)
def test_words_and_numbers_may_mean_that_there_is_nothing(cells: Cells, expected: list[bool]) -> None:
    assert absent(cells, ["N/A", "-1"]).tolist() == expected


def test_lists_are_no_numbers_and_are_there() -> None:
    for cells in (pa.array([[1.0], None]), [[1.0], None], [np.array([1.0, 2.0]), None]):
        assert np.isnan(numbers(cells)).all()
        assert absent(cells, ["-1"]).tolist() == [False, True]
