from typing import Any

import pytest

from components.core.blocks import read_block
from components.core.errors import CasebookError
from components.kits.tables.encoding.spec import TableParams
from tests.components.kits.tables.tables import CATEGORICAL, NUMERIC, block

COLUMNS = {"a": NUMERIC, "b c": NUMERIC, "town": CATEGORICAL}


def read(content: dict[str, Any]) -> TableParams:
    return read_block(TableParams, content, "params.cases.x.prepare")


def test_a_block_is_read_and_written_back_the_same() -> None:
    params = read(block(COLUMNS, derived={"d": "a / `b c`"}, key=["id"], ignore={"n": "the row's number"}))
    assert TableParams.model_validate(params.model_dump(mode="json")) == params


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"colums": {}}, r"prepare\.colums: unknown key"),
        ({"columns": {}}, r"prepare\.columns: .*at least 1"),
        ({"columns": {"a": {"kind": "number"}}}, r"prepare\.columns\.a: .*'numeric'"),
        ({"columns": {"a": {"kind": "numeric", "min": "0", "max": None}}}, r"columns\.a.*min: .* not '0' \(str\)"),
        ({"columns": {"a": {"kind": "numeric", "min": 0}}}, r"columns\.a.*max: missing"),
        ({"columns": {"a": {"kind": "date", "formats": ["%Q"]}}}, "'Q' is a bad directive"),
        ({"columns": {"a": {"kind": "date", "formats": []}}}, "formats"),
        ({"target": {"column": "y", "positive": True, "negative": "no"}}, r"target\.positive: .* not True \(bool\)"),
        ({"target": {"column": "y", "positive": "No ", "negative": "no"}}, "must differ"),
        ({"target": {"column": "y", "positive": "yes", "negative": "no", "ignore": ["NO"]}}, "'NO' is one of the two"),
        ({"target": {"column": "a", "positive": "yes", "negative": "no"}}, "'a' is in both target and columns"),
        ({"key": ["town"]}, "'town' is in both columns and key"),
        ({"ignore": {"town": "no use"}}, "'town' is in both columns and ignore"),
        ({"columns": {"target": NUMERIC}}, "'target' is the name of a column that a prepared table adds"),
        ({"columns": {"row": NUMERIC}}, "'row' is the name of a column that a prepared table adds"),
        ({"derived": {"d": "a / town"}}, "derived 'd' uses town: not a numeric or amount column"),
        ({"derived": {"a": "a + 1"}}, "derived 'a' has the name of a column"),
        ({"derived": {"d": "1 + 1"}}, "derived 'd' uses no column"),
        ({"derived": {"d": "a ** 2"}}, r"may hold names, numbers, \+ - \* /, exp"),
        ({"split": {"by": "time", "column": "t", "validation": 0.5, "test": 0.5}}, "leave no row to train on"),
        ({"split": {"by": "stratified", "column": "t", "validation": 0.5, "test": 0.1, "seed": 1}}, "unknown key"),
        ({"max_rejected": 1.0}, "max_rejected"),
    ],
)
def test_a_wrong_block_is_one_error_that_names_the_key(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CasebookError, match=message):
        read(block(COLUMNS) | changes)


def test_row_may_be_a_column_where_a_key_names_the_rows() -> None:
    assert read(block({"row": NUMERIC}, key=["id"])).columns.keys() == {"row"}


def test_amounts_need_two_separators() -> None:
    amount = {"kind": "amount", "thousands": ".", "decimal": ".", "unit": "", "min": None, "max": None}
    with pytest.raises(CasebookError, match="thousands and decimal must differ"):
        read(block({"a": amount}))
