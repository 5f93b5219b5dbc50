import json
import logging
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.errors import CasebookError
from components.kits.tables.encoding.cells import columns_of_rows
from components.kits.tables.encoding.convert import clean, convert
from components.kits.tables.encoding.encode import Encoded, fit_encoder
from components.kits.tables.encoding.reader import RowReader
from components.kits.tables.encoding.values import one_value
from tests.components.kits.tables.tables import CATEGORICAL, NUMERIC, spec

COLUMNS = {
    "age": {"kind": "numeric", "min": 18, "max": 110},
    "income": {"kind": "amount", "thousands": ",", "decimal": ".", "unit": "$", "min": None, "max": None},
    "town": CATEGORICAL,
    "size": {"kind": "band", "edges": [20, 50], "labels": ["<=20", "20-50", ">50"]},
    "paid": {"kind": "boolean"},
    "since": {"kind": "date", "formats": ["ISO8601", "%d/%m/%Y"]},
    "note": {"kind": "text"},
    "debt": NUMERIC,
}
PARAMS = spec(
    COLUMNS,
    derived={"ratio": "income / debt"},
    encode={"numeric": "log_standard", "knots": 9, "min_count": 1},
)
DATA = {"spec": PARAMS.model_dump(mode="json")}
TRAIN = {
    "age": ["20", "30", ""],
    "income": ["$1,200", "5", ""],
    "town": ["Rome", "Oslo", "1"],
    "size": ["20", "51", ""],
    "paid": ["yes", "no", ""],
    "since": ["2020-01-31", "01/02/2021", ""],
    "note": ["ab 1", "", "x"],
    "debt": ["5", "0", "1"],
}
ENCODER = fit_encoder(convert(pd.DataFrame(TRAIN), PARAMS.columns, PARAMS.missing).frame, PARAMS)
STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-9, 120),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=4),
    st.sampled_from(["NA", " ? ", "1e999", "1.0", "Rome", "$1,2", "20-50", "Yes", "2020-01-31", "31/01/2020"]),
)
ROWS = st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS, STRANGE)), min_size=1, max_size=5)


def encoded(rows: list[dict[str, Any]]) -> Encoded:
    return ENCODER.encode_rows(RowReader.of(DATA).read(columns_of_rows(rows)))


def assert_same(found: Encoded, expected: Encoded) -> None:
    for name in ("raw", "numeric", "categorical"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    assert found.unknown == expected.unknown


@settings(max_examples=40)
@given(ROWS)
def test_rows_without_a_frame_are_those_of_a_frame(rows: list[dict[str, Any]]) -> None:
    assert_same(encoded(rows), ENCODER.encode(clean(pd.DataFrame(rows), DATA)))


@settings(max_examples=40)
@given(ROWS)
def test_rows_after_json_are_those_before(rows: list[dict[str, Any]]) -> None:
    assert_same(encoded(json.loads(json.dumps(rows))), encoded(rows))


def test_whole_numbers_among_fractions_are_those_of_a_frame() -> None:
    for first in (2**53 + 1, 2**63, -(2**63), 2**64 - 1, 2**64, -(2**63) - 1, 2**70):
        for second in (1.5, None, 1e16, "a", -3):
            rows = [dict.fromkeys(COLUMNS, cell) for cell in (first, second)]
            assert_same(encoded(rows), ENCODER.encode(clean(pd.DataFrame(rows), DATA)))


def test_typed_values_by_hand() -> None:
    rows = [
        {
            "age": "30",
            "income": "($1,200)",
            "town": 1.0,
            "size": 20.5,
            "paid": "Y",
            "since": "31/01/2020",
            "note": " a ",
        },
        {"age": 17, "income": None, "town": "NA", "size": "huge", "paid": 0, "since": "-", "note": ""},
    ]
    typed = RowReader.of(DATA).read(columns_of_rows([{**row, "debt": 1} for row in rows]))
    found = [{name: one_value(values, row) for name, values in typed.items()} for row in range(2)]
    assert found == [
        {
            "age": 30.0, "income": -1200.0, "town": "1", "size": "20-50", "paid": True, "since": "2020-01-31 00:00:00",
            "note": "a", "debt": 1.0,
        },
        {
            "age": None, "income": None, "town": None, "size": None, "paid": False, "since": None, "note": None,
            "debt": 1.0,
        },
    ]  # fmt: skip


def test_a_broken_cell_is_told_as_it_stands(caplog: pytest.LogCaptureFixture) -> None:
    reader = RowReader.of({"spec": spec({"age": COLUMNS["age"]}).model_dump(mode="json")})
    with caplog.at_level(logging.WARNING):
        for cells in (pa.array([30, 17]), ["30", 17], pa.array(["1e999"])):
            reader.read({"age": cells})
    assert [record.getMessage() for record in caplog.records] == [
        "column age: 1 cell(s) taken as missing, such as 17",
        "column age: 1 cell(s) taken as missing, such as 17",
        "column age: 1 cell(s) taken as missing, such as '1e999'",
    ]


def test_columns_that_are_not_there_are_named() -> None:
    with pytest.raises(CasebookError, match=r"lack 2 column\(s\) that the model uses: 'note', 'debt'"):
        RowReader.of(DATA).read({name: ["1"] for name in COLUMNS if name not in ("note", "debt")})
