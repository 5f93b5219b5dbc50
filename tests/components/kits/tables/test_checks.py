from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.kits.tables.checks import check_classes, check_columns, check_infinite, check_keys
from components.kits.tables.encoding.convert import convert
from tests.components.kits.tables.tables import CATEGORICAL, NUMERIC, spec, told

FILE = Path("rows.csv")
COLUMNS = {"Income": NUMERIC, "town": CATEGORICAL}


def test_missing_columns_are_named_with_what_is_near() -> None:
    params = spec(COLUMNS, key=["id"], split={"by": "time", "column": "when", "validation": 0.1, "test": 0.1})
    with pytest.raises(CasebookError) as caught:
        check_columns(pd.DataFrame(columns=["income", "town", "y"]), params, FILE)
    assert str(caught.value).startswith(
        "rows.csv: 3 column(s) of params.yaml are missing: 'id', 'Income' (the file has 'income'), 'when'; correct"
    )


def test_ignored_and_unknown_columns_may_come_and_go() -> None:
    params = spec(COLUMNS, ignore={"note": "free"})
    assert told(check_columns, pd.DataFrame(columns=["more", "Income", "town", "y"]), params, FILE) == ""


def test_years_of_two_digits_without_a_last_one_are_told(caplog: pytest.LogCaptureFixture) -> None:
    born = {"kind": "date", "formats": ["%d.%m.%y"]}
    params = spec({"born": born, "seen": {**born, "latest": 2030}, "when": {"kind": "date", "formats": ["%Y"]}})
    check_columns(pd.DataFrame(columns=["born", "seen", "when", "y"]), params, FILE)
    assert "rows.csv: column born: its years of two digits are taken for 1969 to 2068" in caplog.text
    assert len(caplog.records) == 1


@pytest.mark.parametrize(("target", "label"), [([0, 0, 0], "no"), ([1, 1, 1], "yes")])
def test_a_constant_target(target: list[int], label: str) -> None:
    with pytest.raises(CasebookError, match=rf"column y \(the target\) is '{label}' in all 3 row\(s\); both"):
        check_classes(np.array(target), spec(COLUMNS), "rows.csv")


def test_two_classes_pass() -> None:
    assert told(check_classes, np.array([0, 1]), spec(COLUMNS), "rows.csv") == ""


def test_infinite_values_are_named_counted_and_placed() -> None:
    frame = pd.DataFrame({"Income": ["1", "inf", "-Infinity", "1e308", "1e99"], "town": ["inf"] * 5})
    typed = convert(frame, spec(COLUMNS).columns, [])
    with pytest.raises(
        CasebookError, match=r"^rows\.csv: column Income: 3 infinite value\(s\), the first in row 2: 'inf'; correct"
    ):
        check_infinite(frame, typed, FILE)


def test_finite_values_pass() -> None:
    frame = pd.DataFrame({"Income": ["1", ""], "town": ["inf", ""]})
    assert told(check_infinite, frame, convert(frame, spec(COLUMNS).columns, []), FILE) == ""


def test_a_repeated_key_is_named_counted_and_placed() -> None:
    frame = pd.DataFrame({"id": ["A1", "A2", " A1", "A3", "A3", "A1", ""]})
    with pytest.raises(
        CasebookError, match=r"key id: 2 key\(s\) stand in more than one row, such as 'A1' in rows 1, 3, 6; remove"
    ):
        check_keys(frame, spec(COLUMNS, key=["id"]), FILE)


def test_columns_that_identify_together() -> None:
    frame = pd.DataFrame({"bank": ["a", "a", "b"], "id": [1, 2, 1]})
    check_keys(frame, spec(COLUMNS, key=["bank", "id"]), FILE)
    with pytest.raises(CasebookError, match=r"key bank, id: 1 key\(s\) .* 'a / 1' in rows 1, 4"):
        check_keys(pd.concat([frame, frame[:1]], ignore_index=True), spec(COLUMNS, key=["bank", "id"]), FILE)


def test_rows_without_a_key_do_not_repeat_each_other() -> None:
    assert told(check_keys, pd.DataFrame({"id": ["", "", "1"]}), spec(COLUMNS, key=["id"]), FILE) == ""
