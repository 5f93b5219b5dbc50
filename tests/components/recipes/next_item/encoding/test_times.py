import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from components.recipes.next_item.encoding.times import BEYOND, INFINITE, NOT_READ, SECOND, moments

NEW_YEAR = 1_577_836_800 * SECOND  # 2020-01-01T00:00:00Z


@pytest.mark.parametrize(("unit", "factor"), [("seconds", SECOND), ("milliseconds", 1000), ("microseconds", 1)])
def test_counts_are_moments_in_the_unit_of_the_data(unit: str, factor: int) -> None:
    for cells in (pa.array([1, -2, None]), pa.array(["1", "-2.0", "soon"]), [1.0, "-2", None]):
        moment, wrong = moments(cells, unit)
        assert moment.tolist() == [factor, -2 * factor, 0]
        assert wrong.tolist() == [0, 0, NOT_READ]


def test_what_doubles_do_not_hold_exactly_is_no_time() -> None:
    wrong = moments(pa.array([9e9, 9e9 - 1, np.inf, -9e9]), "seconds")[1]
    assert wrong.tolist() == [BEYOND, 0, INFINITE, BEYOND]


DATES = [
    ("2020-01-01", NEW_YEAR),
    ("2020-01-01T00:00", NEW_YEAR),
    ("2020-01-01 00:00:01", NEW_YEAR + SECOND),
    ("2020-01-01T00:00:01.5Z", NEW_YEAR + 1_500_000),
    ("2020-01-01T02:00:00+02:00", NEW_YEAR),
    ("1969-12-31T23:59:59.999999", -1),
]
OTHER_DATES = [
    ("20200101", NEW_YEAR),
    ("20200101000001", NEW_YEAR + SECOND),
    ("20200101T000001Z", NEW_YEAR + SECOND),
    ("2020/1/1", NEW_YEAR),
    ("2020-1-01 00:00:01", NEW_YEAR + SECOND),
    ("2020-01-01 00:00:00 UTC", NEW_YEAR),
    ("2020-01-01T02:00:00+0200", NEW_YEAR),
    ("2019-12-31 19:00:00 -05", NEW_YEAR),
    ("2020-01-01 01:00:00 Europe/Berlin", NEW_YEAR),
    ("2020-01-01T00:00:00.0000019", NEW_YEAR + 1),
]


# A year or a month alone has no order among the events of its own.
NO_DATES = ["soon", "2020-02-30", "2020", "2020-01", "1577836800", "infinity", "2020-01-01 00:00 Mars/Base", "", None]


def test_dates_are_moments_in_utc() -> None:
    texts, expected = map(list, zip(*DATES, strict=True))
    for cells in (texts, pa.array(texts)):
        moment, wrong = moments(cells, "datetime")
        assert moment.tolist() == expected
        assert not wrong.any()


@pytest.mark.parametrize("other", [*(text for text, _ in OTHER_DATES), *NO_DATES])
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


def test_days_and_nanoseconds_are_counts_too() -> None:
    """18262 days from 1970 to 2020, and 25569 more from where spreadsheets count."""
    for unit, count in (("days", 18262), ("excel_days", 43831), ("nanoseconds", 1_577_836_800_000_000_000)):
        assert moments(pa.array([count]), unit)[0].tolist() == [NEW_YEAR], unit


@pytest.mark.parametrize(
    "cell",
    [
        20200101,
        20200101.0,
        np.datetime64("2020-01-01"),
        datetime.date(2020, 1, 1),
        datetime.datetime(2020, 1, 1),
        pd.Timestamp("2020-01-01T02:00", tz="Europe/Helsinki"),
    ],
)
def test_a_date_is_one_in_whatever_type_it_is_given(cell: object) -> None:
    assert moments([cell, pd.NaT, True, 7.5], "datetime")[0].tolist() == [NEW_YEAR, 0, 0, 0]
    assert moments([cell, pd.NaT, True, 7.5], "datetime")[1].tolist() == [0, NOT_READ, NOT_READ, NOT_READ]
