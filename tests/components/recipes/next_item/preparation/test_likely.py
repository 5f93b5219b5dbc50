"""Files of events that are written otherwise than the model's own."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.recipes.next_item.catch_up import catch_up
from components.recipes.next_item.predict import predict_file
from components.recipes.next_item.serving.serving import write_histories
from tests.components.recipes.next_item.conftest import Untrained
from tests.components.recipes.next_item.serving.tiny import DATA, write_tiny

TIMES = [880_000_000, 880_000_060, 880_086_400]  # 1997-11-20 04:26:40 and on


def answered(folder: Path, times: list[object], ratings: Sequence[object] = (1, 2, 3), unit: str = "seconds") -> int:
    own = {"first_time": TIMES[0], "last_time": TIMES[-1], "spec": {**DATA["spec"], "time_unit": unit}}
    bundle = write_tiny(folder / "bundle", data=own)
    rows = {"user_id": "a", "item_id": [10, 11, 12], "timestamp": times, "rating": [*ratings]}
    pd.DataFrame(rows).to_csv(folder / "rows.csv", index=False)
    return predict_file(bundle, folder / "rows.csv", folder / "out.csv", {})


@pytest.mark.parametrize(
    ("unit", "times", "told"),
    [
        ("milliseconds", TIMES, "such as '880000000', are seconds .*and the model's are milliseconds; .*880000000000$"),
        ("seconds", [1000 * one for one in TIMES], "are milliseconds .from 1997-11-20 04:26:40.* 880000000$"),
        ("seconds", ["1997-11-20T04:26:40Z", "1997-11-20", "1997-11-21"], "are datetime .*are seconds; write them as"),
        ("datetime", TIMES, "are seconds .*and the model's are datetime; write .*, such as 1997-11-20 04:26:40$"),
    ],
)
def test_times_of_another_unit_are_refused(tmp_path: Path, unit: str, times: list[object], told: str) -> None:
    with pytest.raises(CasebookError, match=told) as refused:
        answered(tmp_path, times, unit=unit)
    assert str(refused.value).startswith(f"{tmp_path / 'rows.csv'}: column timestamp: its 3 time(s), such as ")
    assert not (tmp_path / "out.csv").exists()


def test_a_time_that_is_none_is_told_with_its_file(tmp_path: Path) -> None:
    with pytest.raises(CasebookError, match=r"rows\.csv: column timestamp: 1 cell\(s\) are no time"):
        answered(tmp_path, [*TIMES[:2], "yesterday"])


def test_ratings_of_which_none_is_a_number_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CasebookError, match=r"rows\.csv: column rating: none of its 2 rating\(s\) is a number"):
        answered(tmp_path, [*TIMES], ["good", "NA", "bad"])
    assert answered(tmp_path, [*TIMES], ["good", "4", ""]) == 3


def test_an_id_with_other_zeros_before_it_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bundle = write_tiny(tmp_path / "bundle")
    (tmp_path / "rows.csv").write_text("user_id\n0002\n", encoding="utf-8")
    predict_file(bundle, tmp_path / "rows.csv", tmp_path / "out.csv", {})
    assert "rows.csv: '0002' is '2' in the model: zeros before a number are part of an id" in caplog.text
    caplog.clear()
    (tmp_path / "rows.csv").write_text("user_id\n0009\n", encoding="utf-8")
    predict_file(bundle, tmp_path / "rows.csv", tmp_path / "out.csv", {})
    assert "in the model" not in caplog.text


def test_new_events_in_another_unit_are_not_taken_in(untrained: Untrained, tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    write_histories(untrained.job, untrained.bundle, tmp_path / "before")
    rows = {"user_id": [1], "item_id": [1], "timestamp": [2_000_000_000_000], "rating": [4]}
    pd.DataFrame(rows).to_csv(tmp_path / "new.csv", index=False)
    with pytest.raises(CasebookError, match=r"new\.csv: column timestamp: .* are milliseconds \(from 2033-05-18"):
        catch_up(untrained.job, untrained.bundle, tmp_path / "before", tmp_path / "new.csv", tmp_path / "work")
