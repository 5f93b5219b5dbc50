"""Units of times: what is asked, what is found, and what is refused."""

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.core.job import Meta
from tests.components.recipes.next_item.preparation.events import block, events, prepare, prepared, with_ids

SECONDS = np.array([1_609_955_046, 1_609_975_609, 1_609_995_513, 1_610_000_000])  # from 2021-01-06 17:44:06
DAYS = pd.to_datetime(SECONDS, unit="s").floor("D") + pd.to_timedelta(range(4), "D")
RUN = "run from 2021-01-06 17:44:06 to 2021-01-07 06:13:20"


def asked(folder: Path, times: Any, unit: str, **changes: Any) -> str:
    """The message that the times are refused with."""
    rows = events([("a", place, time) for place, time in enumerate(times)])
    with pytest.raises(CasebookError) as caught:
        prepare(folder, rows, block(**{"time_unit": unit, "odd_times": None, **changes}))
    return str(caught.value).partition("events.csv: column time: ")[2]


@pytest.mark.parametrize(
    ("times", "unit", "fits"),
    [
        (SECONDS, "milliseconds", f"as seconds they {RUN}: set prepare.time_unit: seconds"),
        (SECONDS, "microseconds", "set prepare.time_unit: seconds"),
        (SECONDS * 1000, "seconds", f"as milliseconds they {RUN}: set prepare.time_unit: milliseconds"),
        (SECONDS * 10**9, "seconds", "set prepare.time_unit: nanoseconds"),
        (SECONDS // 86_400 + np.arange(4), "seconds", "set prepare.time_unit: days"),
        (SECONDS // 86_400 + 25_569 + np.arange(4), "seconds", "as excel_days they run from 2021-01-06 00:00:00"),
        (DAYS.strftime("%Y%m%d"), "seconds", "run from 2021-01-06 00:00:00 to 2021-01-10 00:00:00: set prepare.time_u"),
        ([2018, 2019, 2020, 2021], "seconds", "they are years, which say nothing of the order within one"),
        ([1, 2, 3, 4], "seconds", "no unit makes them lie between 1980 and the end of next year"),
        (
            [SECONDS[0], SECONDS[1], SECONDS[2] * 1000, SECONDS[3] * 1000],
            "seconds",
            "2 are seconds (from 2021-01-06 17:",
        ),
        ([0, *SECONDS], "seconds", "1 are 0, the others are seconds and run from 2021-01-06 17:44:06"),
        (["1970-01-01", *DAYS.astype(str)], "datetime", "4 are datetime and run from 2021-01-06 00:00:00"),
        ([*DAYS.astype(str), "2099-12-31"], "datetime", "4 are datetime"),
    ],
)
def test_times_of_another_unit_are_asked_with_the_one_that_fits(
    tmp_path: Path, times: Any, unit: str, fits: str
) -> None:
    message = asked(tmp_path, times, unit)
    assert message.startswith(f"as {unit} the {len(times)} times run from ")
    assert fits in message
    assert message.endswith("prepare.odd_times: keep, or set_aside to leave such events out")


@pytest.mark.parametrize(
    ("times", "unit", "told"),
    [
        (
            DAYS.astype(str),
            "seconds",
            "such as '2021-01-06': as datetime they run from 2021-01-06 00:00:00 to 2021",
        ),
        (SECONDS, "datetime", f"such as '1609955046': as seconds they {RUN}: set prepare.time_unit: seconds"),
        ([2018, 2019, 2020, 2021], "datetime", "such as '2018': they are years, which say nothing of the order"),
    ],
)
def test_a_unit_in_which_nothing_is_a_time_is_asked(tmp_path: Path, times: Any, unit: str, told: str) -> None:
    message = asked(tmp_path, times, unit)
    assert message.startswith(f"none of its 4 values is a time as {unit}, ")
    assert told in message


def test_the_first_and_the_last_date_and_an_example_are_told(tmp_path: Path) -> None:
    assert asked(tmp_path, SECONDS, "milliseconds").startswith(
        "as milliseconds the 4 times run from 1970-01-19 15:12:35 to 1970-01-19 15:13:20, and 4 of them are hardly "
        "times of events, such as '1609955046': "
    )


def test_times_after_the_end_of_next_year_are_asked(tmp_path: Path) -> None:
    soon, late = (int(datetime(datetime.now(UTC).year + ahead, 12, 31, tzinfo=UTC).timestamp()) for ahead in (1, 2))
    prepare(tmp_path / "soon", events([("a", 1, soon), ("a", 2, 10**9), ("a", 3, 9 * 10**8)]), block(odd_times=None))
    assert "1 of them are hardly times" in asked(tmp_path, [late, 10**9, 9 * 10**8], "seconds")


def test_what_is_answered_is_not_asked_again(tmp_path: Path) -> None:
    rows = events([("a", place, time) for place, time in enumerate([0, *SECONDS])])
    prepare(tmp_path / "keep", rows, block(odd_times="keep", max_rejected=0.0))
    assert prepared(tmp_path / "keep")["train"]["time"].tolist()[0] == 0
    meta = prepare(tmp_path / "aside", rows, block(odd_times="set_aside"))
    assert meta.rejected == {"time: set aside as odd (prepare.odd_times)": 1}
    assert meta.data["spec"]["odd_times"] == "set_aside"
    assert len(with_ids(tmp_path / "aside")["train"]) == 2


@pytest.mark.parametrize(
    ("times", "unit"),
    [
        (SECONDS, "seconds"),
        (SECONDS * 1000, "milliseconds"),
        (SECONDS * 10**6, "microseconds"),
        (SECONDS * 10**9, "nanoseconds"),
        (SECONDS / 86_400, "days"),
        (SECONDS / 86_400 + 25_569, "excel_days"),
        (pd.to_datetime(SECONDS, unit="s").astype(str), "datetime"),
        (pd.to_datetime(SECONDS, unit="s").strftime("%Y%m%d%H%M%S"), "datetime"),
    ],
)
def test_the_unit_is_found_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture, times: Any, unit: str) -> None:
    rows = events([("a", place, time) for place, time in enumerate(times)])
    with caplog.at_level(logging.WARNING):
        meta = prepare(tmp_path, rows, block(time_unit="auto", odd_times=None))
    assert meta.data["spec"]["time_unit"] == unit
    assert Meta.read(tmp_path / "prepared").data["last_time"] == SECONDS[1]
    assert f"prepare.time_unit: auto: times are taken for {unit}, from 2021-01-06 17:44:06" in caplog.text
    typed = pd.DataFrame({"user": "a", "item": range(4), "time": list(times), "rating": 1.0})
    prepare(tmp_path / "typed", typed, block(time_unit="auto", odd_times=None, file="events.parquet"))
    assert prepared(tmp_path / "typed")["test"]["time"].tolist() == [SECONDS[3]]


def test_whole_numbers_may_be_dates(tmp_path: Path) -> None:
    days = DAYS.strftime("%Y%m%d").astype(int)
    rows = pd.DataFrame({"user": "a", "item": range(4), "time": days, "rating": 1.0})
    content = block(time_unit="datetime", odd_times=None, file="events.parquet")
    prepare(tmp_path, rows, content)
    assert prepared(tmp_path)["test"]["time"].tolist() == [DAYS[3].timestamp()]


def test_times_of_no_one_unit_are_asked(tmp_path: Path) -> None:
    message = asked(tmp_path, [*SECONDS[:2], *SECONDS[2:] * 1000], "auto")
    assert message.startswith("prepare.time_unit is auto, and its 4 times are of no one unit: 2 are seconds (from 2021")
    assert message.endswith("set prepare.time_unit to one of seconds, milliseconds, microseconds, nanoseconds, days, "
                            "excel_days, datetime")  # fmt: skip


@pytest.mark.parametrize("odd_times", [None, "keep"])
def test_times_that_are_all_the_same_are_refused(tmp_path: Path, odd_times: str | None) -> None:
    message = asked(tmp_path, [SECONDS[0]] * 3, "seconds", odd_times=odd_times)
    assert message.startswith("all 3 times are 2021-01-06 17:44:06: what came after what cannot be known")


def test_a_stray_time_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = events([("a", place, SECONDS[0] + place) for place in range(1000)] + [("a", 1000, 7)])
    with caplog.at_level(logging.WARNING):
        prepare(tmp_path, rows, block(odd_times=None))
    assert "1 of them are hardly times of events, such as '7'" in caplog.text
