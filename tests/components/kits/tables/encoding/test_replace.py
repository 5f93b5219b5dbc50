from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.core.errors import CasebookError
from components.kits.tables.encoding.convert import convert
from components.kits.tables.encoding.encode import Encoded, fit_encoder
from components.kits.tables.encoding.replace import Replacements, one_row
from components.kits.tables.encoding.values import one_value
from components.kits.tables.typical import typical_values
from tests.components.kits.tables.tables import CATEGORICAL, NUMERIC, spec

PARAMS = spec(
    {
        "income": NUMERIC,
        "town": CATEGORICAL,
        "paid": {"kind": "boolean"},
        "since": {"kind": "date", "formats": ["ISO8601"]},
        "debt": NUMERIC,
        "note": {"kind": "text"},
    },
    derived={"ratio": "income / debt"},
    encode={"numeric": "standard", "knots": 2, "min_count": 1},
)
TRAIN = {
    "income": ["10", "30", "", "50"],
    "town": ["Rome", "Rome", "Oslo", ""],
    "paid": ["yes", "no", "no", ""],
    "since": ["1970-01-02", "1970-01-03", "1970-01-04", ""],
    "debt": ["5", "0", "1", "2"],
    "note": ["ab 1", "", "中文 x y", "ab 1"],
}
CELLS = {
    "income": st.sampled_from(["", "0", "30", "99", "1e90"]),
    "town": st.sampled_from(["", "Rome", "Oslo", "Bonn"]),
    "paid": st.sampled_from(["", "yes", "no"]),
    "since": st.sampled_from(["", "1970-01-03", "2020-01-01"]),
    "debt": st.sampled_from(["", "0", "2", "1e-20"]),
    "note": st.sampled_from(["", "ab 1", "x"]),
}


def typed(cells: Any) -> pd.DataFrame:
    return convert(pd.DataFrame(cells), PARAMS.columns, PARAMS.missing).frame


ENCODER = fit_encoder(typed(TRAIN), PARAMS)


def assert_same(found: Encoded, expected: Encoded) -> None:
    for name in ("raw", "numeric", "categorical"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_a_number_in_place_of_another_and_what_is_computed_of_it() -> None:
    encoder = ENCODER
    rows = encoder.encode(typed({name: cells[:1] for name, cells in TRAIN.items()}))
    replaced = Replacements.of({"income": 30.0, "debt": None}, PARAMS.columns, encoder).apply(rows)
    names = list(encoder.raw_names)
    changed = replaced.raw[:, [names.index(name) for name in ("income", "debt", "ratio")]]
    np.testing.assert_array_equal(changed, [[30, 5, 30 / 5], [10, np.nan, np.nan]])
    places = [list(encoder.numeric_names).index(f"{name} missing") for name in ("income", "ratio")]
    np.testing.assert_array_equal(replaced.numeric[:, places], [[0, 0], [0, 1]])


@given(rows=st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=4), row=st.fixed_dictionaries(CELLS))
def test_replaced_rows_are_those_of_a_table_with_the_value_put_in(
    rows: list[dict[str, str]], row: dict[str, str]
) -> None:
    put_in = [one | {name: row[name]} for name in TRAIN for one in rows]
    table = typed([row, *rows, *put_in])  # in one go, which is quicker
    encoded = ENCODER.encode(table)
    values = typical_values(table.head(1), list(TRAIN))
    replaced = Replacements.of(values, PARAMS.columns, ENCODER)
    found = replaced.apply(encoded.take(np.arange(1, 1 + len(rows))))
    assert_same(found, encoded.take(np.arange(1 + len(rows), len(table))))


def test_a_row_of_values_as_json_has_them() -> None:
    row = typed({name: cells[:1] for name, cells in TRAIN.items()})
    values = typical_values(row, list(row))
    again = one_row(values, PARAMS.columns)
    assert {name: one_value(cells, 0) for name, cells in again.items()} == values
    assert {one_value(cells, 0) for cells in one_row({}, PARAMS.columns).values()} == {None}


def test_a_value_of_no_column_is_named() -> None:
    with pytest.raises(CasebookError, match=r"explanations: 1 feature.*'size'"):
        Replacements.of({"debt": 1.0, "size": 1.0}, PARAMS.columns, ENCODER)


def test_tables_of_one_kind() -> None:
    params = spec({"x": NUMERIC}, encode={"numeric": "standard", "knots": 2, "min_count": 1})
    table = pd.DataFrame({"x": [1.0, 3.0]})
    encoder = fit_encoder(table, params)
    replaced = Replacements.of({"x": 3.0}, params.columns, encoder).apply(encoder.encode(table))
    assert (replaced.raw.tolist(), replaced.categorical.shape) == ([[3], [3]], (2, 0))
