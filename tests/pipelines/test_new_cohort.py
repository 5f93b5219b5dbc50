"""Cohorts of a user's own whose rows come in late, in intervals, between dates or in another unit."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from pipelines.commands.newasked import Asked
from pipelines.commands.newcase import plan_case
from pipelines.commands.newcohort import Times
from tests.components.kits.survival.preparation.cohorts import patients

ROOT = Path(__file__).parents[2]
SPLIT = {"by": "stratified", "validation": 0.16, "test": 0.2, "seed": 11}


def plan(folder: Path, rows: pd.DataFrame, times: Times, **asked: Any) -> dict[str, Any]:
    rows.to_csv(folder / "rows.csv", index=False)
    whole = Asked(None, None, times.column, "dead", times.per_year(365.25), course=times.course())
    return plan_case(ROOT, "mine", "medical_prognosis", folder / "rows.csv", replace(whole, **asked))


def test_a_time_of_entry_is_no_covariate(tmp_path: Path) -> None:
    rows = patients(400).assign(came=lambda table: table["days"] // 2)
    found = plan(tmp_path, rows, Times("days", entry="came"))["prepare"]
    assert found["target"] == {"time": "days", "event": "dead", "per_year": 365.25, "entry": "came"}
    assert set(found["columns"]) == {"age", "site"}


def test_one_that_is_not_declared_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = patients(400).assign(came=lambda table: (table["days"] * np.linspace(0, 0.9, len(table))).round())
    plan(tmp_path, rows, Times("days"))
    assert "column came (0 of 400 rows have it at or above their time" in caplog.text
    assert "casebook new --entry came" in caplog.text


def test_rows_that_look_like_intervals_are_asked_about(tmp_path: Path) -> None:
    whole = patients(120).assign(patient_id=range(120)).query("days > 9")
    rows = pd.concat([whole.assign(days=whole["days"] // 2, dead=0), whole]).sort_values(["patient_id", "days"])
    with pytest.raises(
        CasebookError, match=r"rows of one patient_id look like intervals .* --stop days .* --group patient_id"
    ):
        plan(tmp_path, rows, Times("days"))
    apart = plan(tmp_path, rows, Times("days"), group="patient_id")["prepare"]
    assert apart["split"] == SPLIT | {"by": "group", "column": "patient_id"}
    found = plan(tmp_path, rows, Times(stop="days"))["prepare"]
    assert (found["intervals"], found["key"], found["split"]) == ("patient_id", ["patient_id"], SPLIT)
    assert found["target"]["time"] == "days"
    assert set(found["columns"]) == {"age", "site"}


def test_rows_of_one_person_stay_together_whatever_they_are_called(tmp_path: Path) -> None:
    rows = patients(320)
    for name, ids in {
        "patient_id": range(1000, 1080),
        "MRN": [f"m{n}" for n in range(80)],
        "pat_no": np.arange(80.0),
    }.items():
        found = plan(tmp_path, rows.assign(**{name: np.repeat(list(ids), 4)}), Times("days"))["prepare"]
        assert found["split"]["column"] == name
        assert name not in found["columns"]


def test_a_follow_up_of_two_centuries_is_asked_about(tmp_path: Path) -> None:
    rows = patients(300).assign(days=lambda table: table["days"] * 24)
    with pytest.raises(CasebookError, match=r"are these days\? Say what they count with --unit, such as hours"):
        plan(tmp_path, rows, Times("days"))
    assert plan(tmp_path, rows, Times("days", unit="hours"))["prepare"]["target"]["per_year"] == 8766


def test_horizons_in_the_units_of_the_cohort(tmp_path: Path) -> None:
    found = plan(tmp_path, patients(300), Times("days", unit="days", horizons="30,90,180"))
    assert found["prepare"]["unit"] == "days"
    assert found["model"]["curve"] == {"step": 15.0, "horizons": [30, 90, 180]}
    assert found["model"]["forest"]["resolution"] == 7.5
    assert found["evaluate"]["calibrated"] == [180]


def test_a_time_between_two_dates(tmp_path: Path) -> None:
    rows = patients(300)
    first = pd.Series(pd.Timestamp("2001-03-04") + pd.to_timedelta(np.arange(300) % 90, unit="D"))
    last = first + pd.to_timedelta(rows["days"], unit="D")
    rows = rows.drop(columns="days").assign(**{"first seen": first.dt.strftime("%d.%m.%Y"), "last": last.astype(str)})
    found = plan(tmp_path, rows, Times(start_date="first seen", end_date="last"))["prepare"]
    assert found["target"] == {
        "time": "last - `first seen`",
        "event": "dead",
        "per_year": 365.25,
        "dates": {
            "first seen": {"kind": "date", "formats": ["%d.%m.%Y"]},
            "last": {"kind": "date", "formats": ["ISO8601"]},
        },
    }
    with pytest.raises(CasebookError, match="column site: no dates were found in it"):
        plan(tmp_path, rows, Times(start_date="site", end_date="last"))


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (Times("days", stop="days"), "give one of --time, --stop"),
        (Times(start_date="first"), "give both"),
        (Times("days", start="first"), "--start goes with --stop"),
        (Times(stop="days", entry="first"), "--time with --entry"),
        (Times("days", unit="day5"), "one of years, months, weeks, days"),
        (Times("days", horizons="90,30"), "numbers that rise"),
        (Times("days", horizons="ninety"), "numbers that rise"),
    ],
)
def test_options_that_do_not_fit_are_refused(times: Times, message: str) -> None:
    with pytest.raises(CasebookError, match=message):
        times.course()


def test_a_unit_and_its_number_in_a_year_agree() -> None:
    assert Times("days", unit="Week").per_year(365.25) == pytest.approx(52.1786, abs=1e-4)
    with pytest.raises(CasebookError, match="--unit months has 12 in a year, and --per-year says 10; give one"):
        Times("days", unit="months").per_year(10)


def test_a_time_of_the_dead_alone_is_none(tmp_path: Path) -> None:
    rows = patients(300)
    censored = rows["dead"] == 0
    with pytest.raises(CasebookError, match=rf"none of the {censored.sum()} rows without the event has a value"):
        plan(tmp_path, rows.assign(days=rows["days"].mask(censored)), Times("days"))


def test_a_unit_behind_each_number_is_named(tmp_path: Path) -> None:
    rows = patients(300).assign(days=lambda table: table["days"].astype(str) + " days")
    with pytest.raises(CasebookError, match=r"300 value\(s\) have a unit .* in row 1; .* --unit days"):
        plan(tmp_path, rows, Times("days"))


def test_dates_that_are_changed_over_are_asked_about(tmp_path: Path) -> None:
    rows, first = patients(300), pd.Timestamp("2003-05-17")
    rows = rows.assign(first=str(first.date()), last=(first + pd.to_timedelta(rows.pop("days"), unit="D")).astype(str))
    rows["first"] = (first + pd.to_timedelta(np.arange(300) % 90 - 90, unit="D")).astype(str)
    with pytest.raises(CasebookError, match=r"in 300 of 300 rows .* --start-date first --end-date last"):
        plan(tmp_path, rows, Times(start_date="last", end_date="first"))
    days = pd.to_datetime(rows["last"]) - pd.to_datetime(rows["first"])
    counted = rows.drop(columns="last").assign(days=days.dt.days)
    with pytest.raises(CasebookError, match=r"column first \(the entry\) has dates"):
        plan(tmp_path, counted, Times("days", entry="first"))


def test_the_follow_up_in_weeks_is_no_entry(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = patients(400).assign(weeks=lambda table: (table["days"] / 7).round())
    plan(tmp_path, rows, Times("days"))
    assert "column weeks: it is the time, in weeks" in caplog.text
    assert "--entry" not in caplog.text
