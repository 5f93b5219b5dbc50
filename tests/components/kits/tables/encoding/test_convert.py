import logging
from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.kits.tables.encoding.convert import as_floats, clean, convert
from tests.components.kits.tables.tables import CATEGORICAL, NUMERIC, block, spec

BOOLEAN = {"kind": "boolean"}
TEXT = {"kind": "text"}
DATE = {"kind": "date", "formats": ["ISO8601", "%d/%m/%Y"]}
AMOUNT = {"kind": "amount", "thousands": ",", "decimal": ".", "unit": "$", "min": None, "max": None}
NAN = float("nan")


def typed(cells: list[Any], column: dict[str, Any]) -> tuple[pd.Series, list[bool]]:
    result = convert(pd.DataFrame({"x": cells}), spec({"x": column}).columns, ["NA"])
    return result.frame["x"], result.unreadable["x"].tolist()


def test_numbers_from_text_and_from_numbers() -> None:
    values, unreadable = typed([" 1.5", "NA", "x", "", "007"], NUMERIC)
    np.testing.assert_array_equal(values, [1.5, NAN, NAN, NAN, 7])
    assert unreadable == [False, False, True, False, False]
    assert typed([1, 2], NUMERIC)[0].tolist() == [1.0, 2.0]
    assert typed([True, False], NUMERIC)[0].tolist() == [1.0, 0.0]
    np.testing.assert_array_equal(typed([1, None, "2"], NUMERIC)[0], [1, NAN, 2])


def test_amounts_from_text_and_from_numbers() -> None:
    values, unreadable = typed(["$1,200", "1.200,5"], AMOUNT)
    np.testing.assert_array_equal(values, [1200, NAN])
    assert unreadable == [False, True]
    assert typed([5.5], AMOUNT)[0].tolist() == [5.5]


def test_booleans() -> None:
    values, unreadable = typed(["Yes", " no", "1", "0.0", "是", "NA", "maybe"], BOOLEAN)
    assert values.dtype == "boolean"
    assert values.tolist() == [True, False, True, False, True, pd.NA, pd.NA]
    assert unreadable == [False] * 6 + [True]
    assert typed([True, False], BOOLEAN)[0].tolist() == [True, False]
    assert typed([1.0, NAN], BOOLEAN)[0].tolist() == [True, pd.NA]


def test_categories_are_the_same_from_every_type() -> None:
    assert typed(["1", " 2 "], CATEGORICAL)[0].tolist() == ["1", "2"]
    assert typed([1, 2], CATEGORICAL)[0].tolist() == ["1", "2"]
    assert typed([1.0, 2.0, None], CATEGORICAL)[0].tolist()[:2] == ["1", "2"]
    assert typed(["1.0", "NA"], CATEGORICAL)[0].isna().tolist() == [False, True]
    assert typed(["a"], CATEGORICAL)[0].dtype == "str"


def test_text_is_stripped_only() -> None:
    assert typed([" a  b ", "1.0"], TEXT)[0].tolist() == ["a  b", "1.0"]


def test_dates_take_the_first_format_that_fits() -> None:
    values, unreadable = typed(["2020-02-01", "01/02/2020", "2020-02-01T05:00:00+02:00", "31/31/2020", "NA"], DATE)
    assert values.dtype == "datetime64[us]"
    assert values[:3].tolist() == [pd.Timestamp(2020, 2, 1), pd.Timestamp(2020, 2, 1), pd.Timestamp(2020, 2, 1, 3)]
    assert unreadable == [False, False, False, True, False]


def test_typed_dates_lose_their_zone_for_utc() -> None:
    cells = pd.to_datetime(["2020-02-01 01:00"]).tz_localize("Asia/Shanghai")
    assert typed(list(cells), DATE)[0].tolist() == [pd.Timestamp(2020, 1, 31, 17)]


def test_values_as_numbers() -> None:
    dates = pd.to_datetime(pd.Series(["1970-01-02 12:00", "1969-12-31 00:00", None])).astype("datetime64[us]")
    np.testing.assert_array_equal(as_floats(dates), [1.5, -1, NAN])
    np.testing.assert_array_equal(as_floats(pd.Series([True, None, False], dtype="boolean")), [1, NAN, 0])


COLUMNS = {
    "age": {"kind": "numeric", "min": 18, "max": 110},
    "town": {"kind": "categorical", "values": ["Rome"]},
    "paid": BOOLEAN,
}


def test_clean_takes_broken_cells_as_missing_and_counts_them(caplog: pytest.LogCaptureFixture) -> None:
    rows = pd.DataFrame(
        {"more": 1, "paid": ["y", "perhaps", None], "town": ["Rome", "Oslo", "NA"], "age": ["17", "1e999", "30"]},
        index=[7, 7, 9],
    )
    with caplog.at_level(logging.WARNING):
        frame = clean(rows, {"spec": spec(COLUMNS).model_dump(mode="json")})
    np.testing.assert_array_equal(frame["age"], [NAN, NAN, 30])
    assert frame["town"].tolist()[:2] == ["Rome", "Oslo"]  # a new category is the encoder's affair
    assert frame["paid"].tolist() == [True, pd.NA, pd.NA]
    assert frame.index.tolist() == [7, 7, 9]
    assert [record.getMessage() for record in caplog.records] == [
        "column age: 2 cell(s) taken as missing, such as '17'",
        "column paid: 1 cell(s) taken as missing, such as 'perhaps'",
    ]


def test_clean_names_the_columns_that_are_not_there() -> None:
    with pytest.raises(CasebookError, match=r"lack 2 column\(s\) that the model uses: 'age', 'paid'"):
        clean(pd.DataFrame({"town": ["Rome"], "y": ["no"]}), {"spec": block(COLUMNS)})


def test_clean_of_no_rows_has_the_columns() -> None:
    frame = clean(pd.DataFrame({"age": [], "town": [], "paid": []}), {"spec": block(COLUMNS)})
    assert frame.dtypes.astype(str).tolist() == ["float64", "str", "boolean"]


BANDS = {"kind": "band", "edges": [20, 50], "labels": ["<=20", "20-50", ">50"]}


def test_a_band_is_a_number_or_its_name() -> None:
    columns = spec({"size": BANDS}).columns
    cells = ["20", "20.5", "50", "51", " >50 ", "20-50", "", "NA", "large"]
    typed = convert(pd.DataFrame({"size": cells}), columns, ["NA"])
    expected = ["<=20", "20-50", "20-50", ">50", ">50", "20-50"]
    assert typed.frame["size"].tolist()[:6] == expected
    assert typed.frame["size"].isna().tolist() == [False] * 6 + [True] * 3
    assert typed.unreadable["size"].tolist() == [False] * 8 + [True]


def test_bands_of_typed_numbers() -> None:
    columns = spec({"size": BANDS}).columns
    typed = convert(pd.DataFrame({"size": [19.0, np.nan, 50.0]}), columns, [])
    assert typed.frame["size"].tolist()[::2] == ["<=20", "20-50"]
    assert typed.frame["size"].isna().tolist() == [False, True, False]
