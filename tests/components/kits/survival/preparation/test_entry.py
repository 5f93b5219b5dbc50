"""Entries of a cohort's rows, from the file to the prepared folder."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.kits.survival.cohort import ENTRY, TIME, outcome_of
from components.kits.survival.preparation.entry import check_at_risk
from tests.components.kits.survival.preparation.cohorts import AGE, SITE, block, others, patients, prepare

TARGET = {"time": "days", "event": "dead", "per_year": 365.25, "entry": "came"}
OTHER = {"file": "other.csv", "target": {"time": "months", "event": "died", "per_year": 12.0}}


def late(rows: int = 400) -> pd.DataFrame:
    """Patients of whom each is seen from some day on, and those alone who were there then."""
    found = patients(3 * rows)
    came = np.random.default_rng(6).integers(0, 300, len(found))
    return found.assign(came=came)[found["days"] > came].head(rows).reset_index(drop=True)


def with_came(**changes: Any) -> dict[str, Any]:
    return block(**({"target": TARGET} | changes))


def test_entries_are_years_beside_the_time(tmp_path: Path) -> None:
    rows = late()
    prepare(tmp_path, with_came(), rows=rows)
    train = pd.read_parquet(tmp_path / "prepared" / "train.parquet").set_index("row")
    asked = rows.iloc[train.index - 1]
    np.testing.assert_allclose(train[ENTRY], asked["came"] / 365.25)
    np.testing.assert_allclose(train[TIME], asked["days"] / 365.25)
    assert outcome_of(train).shape == (len(train), 3)


def test_another_cohort_without_entries_has_them_at_zero(tmp_path: Path) -> None:
    prepare(tmp_path, with_came(external=OTHER), rows=late(), other=others(60).query("months > 0"))
    assert (pd.read_parquet(tmp_path / "prepared" / "external.parquet")[ENTRY] == 0).all()


def test_one_with_entries_needs_those_of_the_first(tmp_path: Path) -> None:
    other = {"file": "other.csv", "target": OTHER["target"] | {"entry": "came"}}  # type: ignore[operator]
    with pytest.raises(CasebookError, match=r"external\.target has an entry, and target has none"):
        prepare(tmp_path, block(external=other), rows=patients(60))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"days": 5, "came": 5}, r"1 value\(s\) do not lie before the end of observation, such as in row 4;"),
        ({"came": -1}, r"1 value\(s\) lie before time zero"),
        ({"came": "soon"}, "not a number"),
    ],
)
def test_an_entry_lies_between_time_zero_and_the_end(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    rows = late().astype({"came": object})
    rows.loc[3, [*row]] = [*row.values()]
    with pytest.raises(CasebookError, match=message):
        prepare(tmp_path, with_came(), rows=rows)


def test_a_column_below_its_time_is_asked_for(tmp_path: Path) -> None:
    columns = {"age": AGE, "site": SITE, "came": {"kind": "numeric", "min": None, "max": None}}
    with pytest.raises(CasebookError, match=r"column came \(0 of 400 rows .* by chance\).*prepare.target.entry: came"):
        prepare(tmp_path / "asked", block(columns=columns), rows=late())
    prepare(tmp_path / "answered", block(columns=columns, known=["came"]), rows=late())
    rows = late().assign(came=lambda table: table["came"].sample(frac=1, random_state=0).to_numpy())
    prepare(tmp_path / "another", block(columns=columns), rows=rows)  # the same numbers of other rows are no entries


def test_an_event_before_most_have_entered_is_refused() -> None:
    random = np.random.default_rng(0)
    rows = pd.DataFrame({"time": random.uniform(3, 5, 60), "event": 1, ENTRY: random.uniform(1, 2, 60)})
    check_at_risk(rows, "years", "rows.csv")
    early = pd.concat([rows, pd.DataFrame({"time": [0.7], "event": [1], ENTRY: [0.0]})])
    with pytest.raises(CasebookError, match=r"at 1 event\(s\), such as at 0.7 years, fewer than 5 training rows"):
        check_at_risk(early, "years", "rows.csv")


def test_time_between_two_dates(tmp_path: Path) -> None:
    rows = late()
    born = pd.Series(pd.Timestamp("2001-03-04") + pd.to_timedelta(np.arange(len(rows)), unit="D"))
    dates = {
        "first": born.dt.strftime("%d.%m.%Y"),
        "seen": (born + pd.to_timedelta(rows["came"], unit="D")).dt.strftime("%Y-%m-%d"),
        "last": (born + pd.to_timedelta(rows["days"], unit="D")).dt.strftime("%Y-%m-%d"),
    }
    iso, german = ({"kind": "date", "formats": [form]} for form in ("ISO8601", "%d.%m.%Y"))
    target = TARGET | {
        "time": "last - first",
        "entry": "seen - first",
        "dates": {"first": german} | dict.fromkeys(["seen", "last"], iso),
    }
    prepare(tmp_path / "dates", block(target=target), rows=rows.drop(columns=["days", "came"]).assign(**dates))
    prepare(tmp_path / "days", with_came(), rows=rows)
    found, expected = (pd.read_parquet(tmp_path / one / "prepared" / "train.parquet") for one in ("dates", "days"))
    pd.testing.assert_frame_equal(found, expected)


def test_times_in_days_are_days(tmp_path: Path) -> None:
    rows = patients(200)
    prepare(tmp_path, block(unit="days"), rows=rows)
    train = pd.read_parquet(tmp_path / "prepared" / "train.parquet").set_index("row")
    assert (train[TIME] == rows["days"].iloc[train.index - 1].to_numpy()).all()
