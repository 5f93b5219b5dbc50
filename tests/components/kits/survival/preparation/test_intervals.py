from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.kits.survival.cohort import ENTRY, EVENT, TIME, CohortParams
from components.kits.survival.preparation.intervals import look_like_intervals, one_row_each
from tests.components.kits.survival.preparation.cohorts import block, patients, prepare

ROWS = pd.DataFrame(
    {
        "who": ["b", "a", "a", "b", "c"],
        "begin": [0, 10, 0, 5, 3],
        "days": [5, 30, 10, 9, 8],
        "dead": [0, 1, 0, 0, 1],
        "age": [50, 61, 60, 51, 70],
        "site": ["Rome", "Oslo", "Rome", "Rome", "Oslo"],
    }
)


def spec(**changes: Any) -> CohortParams:
    target = {"time": "days", "event": "dead", "per_year": 365.25, "entry": "begin"}
    return CohortParams.model_validate(block(target=target, intervals="who", key=["who"]) | changes)


def test_intervals_are_one_row_from_the_first_start_to_the_last_stop() -> None:
    found = one_row_each(ROWS, spec(), Path("rows.csv")).set_index("who")
    assert found.loc["a"].to_dict() == {"begin": 0, "days": 30, "dead": 1, "age": 60, "site": "Rome"}
    assert found.loc["b"].to_dict() == {"begin": 0, "days": 9, "dead": 0, "age": 50, "site": "Rome"}
    assert found.loc["c", ["begin", "days", "dead"]].tolist() == [3, 8, 1]


def test_without_a_start_each_begins_where_the_one_before_ended() -> None:
    target = {"time": "days", "event": "dead", "per_year": 365.25}
    found = one_row_each(ROWS.drop(columns="begin"), spec(target=target), Path("rows.csv"))
    assert found.set_index("who")["days"].to_dict() == {"a": 30, "b": 9, "c": 8}


@pytest.mark.parametrize(
    ("row", "changes", "message"),
    [
        (1, {"begin": 9}, "overlap, such as those of who a in rows 2 and 3"),
        (1, {"begin": 11}, "leave a gap"),
        (2, {"dead": 1}, "go on after the event"),
        (2, {"who": None}, "row 3: no who, time or event"),
    ],
)
def test_intervals_that_are_none(row: int, changes: dict[str, Any], message: str) -> None:
    rows = ROWS.copy()
    rows.loc[row, [*changes]] = [*changes.values()]
    with pytest.raises(CasebookError, match=message):
        one_row_each(rows, spec(), Path("rows.csv"))


def test_prepared_rows_are_people(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    whole = patients(150).assign(who=lambda table: [f"p{number}" for number in table.index], begin=0)
    whole = whole[whole["days"] > 10]
    early = whole.assign(days=whole["days"] // 2, dead=0)
    late = whole.assign(begin=early["days"], age=whole["age"] + 1)
    target = {"time": "days", "event": "dead", "per_year": 365.25, "entry": "begin"}
    asked = block(target=target, intervals="who", key=["who"])
    meta = prepare(tmp_path, asked, rows=pd.concat([early, late]).sample(frac=1, random_state=0))
    assert sum(meta.rows.values()) == len(whole)
    found = pd.concat([pd.read_parquet(tmp_path / "prepared" / f"{name}.parquet") for name in ("train", "val", "test")])
    expected = whole.set_index("who").loc[found["who"]]
    np.testing.assert_allclose(found[TIME], expected["days"] / 365.25)
    assert (found[EVENT].to_numpy() == expected["dead"].to_numpy()).all()
    assert (found["age"].to_numpy() == expected["age"].to_numpy()).all()
    assert (found[ENTRY] == 0).all()
    assert "(later values of age are not used)" in caplog.text


def test_rising_times_whose_last_alone_has_the_event_look_like_intervals() -> None:
    whose = pd.Series(np.repeat(np.arange(30), 3))
    time, event = np.tile([1.0, 2, 3], 30), np.tile([0, 0, 1], 30)
    assert look_like_intervals(whose, time, event)
    assert not look_like_intervals(whose, np.tile([2.0, 1, 3], 30), event)
    assert not look_like_intervals(whose, time, np.tile([1, 0, 1], 30))
    assert not look_like_intervals(whose[:12], time[:12], event[:12])  # four people
