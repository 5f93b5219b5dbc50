import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from components.kits.tables.encoding.cells import Cells
from components.recipes.next_item.serving.columns import id_texts, kept, moments, numbered, numbers, shown

SECOND = 1_000_000
NEW_YEAR = 1_577_836_800 * SECOND  # 2020-01-01T00:00:00Z


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (pa.array([3, 3, None]), ["3", "3", ""]),
        (pa.array([3.0, 1.5, None]), ["3", "1.5", ""]),
        (pa.array([" a ", "NA", "na", None, "é"]), ["a", "", "", "", "é"]),
        (pa.array(["x", "y", None]).dictionary_encode(), ["x", "y", ""]),
        ([3, 3.0, "3", None, float("nan"), pd.NA, pd.NaT, True], ["3", "3", "3", "", "", "", "", "True"]),
        ([], []),
        (pa.array([], pa.large_string()), []),
    ],
)
def test_ids_are_texts_and_words_for_nothing_are_none(cells: Cells, expected: list[str]) -> None:
    assert id_texts(cells, [" NA "]).tolist() == expected


def test_more_different_ids_than_the_index_of_a_category_has_room_for() -> None:
    """128 categories, counted in eight bits, leave no place for the one that stands for none."""
    column = pd.Series(pd.Categorical([f"id{place}" for place in range(128)] + [None]))
    assert id_texts(pa.array(column)).tolist() == [f"id{place}" for place in range(128)] + [""]


def test_texts_are_numbered_in_the_order_in_which_they_first_stand() -> None:
    places, different = numbered(np.array(["b", "a", "b", "c"], object))
    assert places.tolist() == [0, 1, 0, 2]
    assert different.tolist() == ["b", "a", "c"]


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


@pytest.mark.parametrize(("unit", "factor"), [("seconds", SECOND), ("milliseconds", 1000), ("microseconds", 1)])
def test_counts_are_moments_in_the_unit_of_the_data(unit: str, factor: int) -> None:
    for cells in (pa.array([1, -2, None]), pa.array(["1", "-2.0", "soon"]), [1.0, "-2", None]):
        moment, wrong = moments(cells, unit)
        assert moment.tolist() == [factor, -2 * factor, 0]
        assert wrong.tolist() == [False, False, True]


def test_what_doubles_do_not_hold_exactly_is_no_time() -> None:
    assert moments(pa.array([9e9, 9e9 - 1, np.inf, -9e9]), "seconds")[1].tolist() == [True, False, True, True]


DATES = [
    ("2020-01-01", NEW_YEAR),
    ("2020-01-01T00:00", NEW_YEAR),
    ("2020-01-01 00:00:01", NEW_YEAR + SECOND),
    ("2020-01-01T00:00:01.5Z", NEW_YEAR + 1_500_000),
    ("2020-01-01T02:00:00+02:00", NEW_YEAR),
    ("1969-12-31T23:59:59.999999", -1),
]
OTHER_DATES = [("20200101", NEW_YEAR), ("2020", NEW_YEAR), ("2020-01-01T00:00:00.0000019", NEW_YEAR + 1)]


def test_dates_are_moments_in_utc() -> None:
    texts, expected = map(list, zip(*DATES, strict=True))
    for cells in (texts, pa.array(texts)):
        moment, wrong = moments(cells, "datetime")
        assert moment.tolist() == expected
        assert not wrong.any()


@pytest.mark.parametrize("other", [*(text for text, _ in OTHER_DATES), "soon", "2020-02-30", None])
def test_one_date_written_otherwise_leaves_the_rest_as_they_are(other: str | None) -> None:
    texts, expected = map(list, zip(*DATES, strict=True))
    moment, wrong = moments([*texts, other], "datetime")
    assert moment[:-1].tolist() == expected
    assert wrong[:-1].sum() == 0
    known = dict(OTHER_DATES).get(other or "")
    assert wrong[-1] == (known is None)
    assert known is None or moment[-1] == known


def test_times_with_a_type_are_moments_whatever_their_unit() -> None:
    zoned = pa.array([NEW_YEAR // SECOND, None], pa.timestamp("s", "Europe/Berlin"))
    for cells in (zoned, pa.array([NEW_YEAR * 1000 + 999, None], pa.timestamp("ns"))):
        moment, wrong = moments(cells, "datetime")
        assert moment[0] == NEW_YEAR
        assert wrong.tolist() == [False, True]


def test_cells_are_kept_by_a_mask_and_shown_as_they_stand() -> None:
    mask = np.array([False, True, True])
    array, cells = kept(pa.array([1.0, 2.0, None]), mask), kept([1, "x" * 99, None], mask)
    assert [shown(array, place) for place in range(2)] == ["2.0", "nan"]
    assert [shown(cells, place) for place in range(2)] == ["x" * 60, "None"]
    assert shown(pa.array([None], pa.timestamp("us")), 0) == "NaT"
