from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.kits.tables.encoding.convert import convert
from components.kits.tables.encoding.spec import TableParams
from components.kits.tables.schema import Rejections, check_share, find_rejections
from tests.components.kits.tables.tables import CATEGORICAL, NUMERIC, spec

COLUMNS = {
    "age": {"kind": "numeric", "min": 18, "max": 99.5},
    "town": {"kind": "categorical", "values": ["Rome", "1"]},
    "paid": {"kind": "boolean"},
    "since": {"kind": "date", "formats": ["%Y-%m-%d"]},
    "rate": {"kind": "amount", "thousands": ",", "decimal": ".", "unit": "%", "min": 0, "max": None},
    "note": {"kind": "text"},
}
FINE = {"age": "18", "town": "Rome", "paid": "y", "since": "2020-01-31", "rate": "5%", "note": "x", "id": "a", "t": "1"}


def rejected(rows: list[dict[str, Any]], params: TableParams) -> Rejections:
    frame = pd.DataFrame([FINE | row for row in rows])
    target = pd.Series([row.get("y", 1) for row in rows], dtype="Int8")
    return find_rejections(frame, convert(frame, params.columns, params.missing), {"y": target}, params)


def test_rows_that_keep_the_schema_pass_with_missing_values() -> None:
    found = rejected([{}, {"age": "NA", "town": "", "paid": "?", "since": "-", "rate": "", "note": ""}], spec(COLUMNS))
    assert found.reasons.empty
    assert found.counts == {}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"age": "17.9"}, "age: below 18: '17.9'"),
        ({"age": " 100"}, "age: above 99.5: ' 100'"),
        ({"age": "old"}, "age: not a number: 'old'"),
        ({"town": "Oslo"}, "town: not one of its values: 'Oslo'"),
        ({"paid": "maybe"}, "paid: neither a yes nor a no: 'maybe'"),
        ({"since": "31.01.2020"}, "since: not a date in this column's formats: '31.01.2020'"),
        ({"rate": "0.05"}, "rate: not a number as this column writes them: '0.05'"),
        ({"rate": "-1%"}, "rate: below 0: '-1%'"),
        ({"y": None}, "y: no value: ''"),
        ({"id": " "}, "id: no value: ' '"),
        ({"t": None}, "t: no value: ''"),
    ],
)
def test_each_rule_rejects_and_names_column_rule_and_value(row: dict[str, Any], reason: str) -> None:
    params = spec(COLUMNS, key=["id"], split={"by": "group", "column": "t", "validation": 0.1, "test": 0.1, "seed": 1})
    rows = [{}, row, {"town": "1.0"}]
    frame = pd.DataFrame([FINE | one for one in rows]).assign(y=[one.get("y", "yes") for one in rows])
    target = pd.Series([None if one.get("y", 1) is None else 1 for one in rows], dtype="Int8")
    found = find_rejections(frame, convert(frame, params.columns, params.missing), {"y": target}, params)
    assert found.reasons.to_dict() == {1: reason}
    assert found.counts == {reason.rsplit(": ", 1)[0]: 1}


def test_a_feature_that_rows_are_split_by_needs_a_value() -> None:
    params = spec({"age": NUMERIC}, split={"by": "time", "column": "age", "validation": 0.1, "test": 0.1})
    assert rejected([{"age": ""}, {"age": "1"}, {"age": "x"}], params).reasons.to_dict() == {
        0: "age: no value: ''",
        2: "age: not a number: 'x'; age: no value: 'x'",
    }


def test_a_row_keeps_every_reason_and_counts_once() -> None:
    found = rejected([{"age": "1", "paid": "x"}, {"paid": "x"}, {}, {"age": "2"}], spec(COLUMNS))
    assert found.reasons.to_dict() == {
        0: "age: below 18: '1'; paid: neither a yes nor a no: 'x'",
        1: "paid: neither a yes nor a no: 'x'",
        3: "age: below 18: '2'",
    }
    assert found.counts == {"age: below 18": 2, "paid: neither a yes nor a no": 1}


def test_too_many_rejected_rows_stop_with_counts_and_examples() -> None:
    found = rejected(
        [{"age": "1"}, {"age": "2"}, {"town": "Oslo"}, {}], spec({"age": COLUMNS["age"], "town": CATEGORICAL})
    )
    check_share(found, 20, spec({"age": NUMERIC}), Path("rows.csv"))  # 2 of 20 are the 10% that are allowed
    with pytest.raises(CasebookError) as caught:
        check_share(found, 4, spec({"age": NUMERIC}), Path("rows.csv"))
    assert str(caught.value) == (
        "rows.csv: 2 of 4 rows (50.0%) break the schema, and prepare.max_rejected allows 10.0%:\n"
        "  2 row(s), such as row 1: age: below 18: '1'\n"
        "correct the file, or the columns' rules, missing or max_rejected under prepare"
    )
