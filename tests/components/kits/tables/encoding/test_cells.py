from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from components.core.errors import CasebookError
from components.kits.tables.encoding.cells import as_cells, cells_of, columns_of_frame, columns_of_rows
from components.kits.tables.encoding.text import as_text

SCALARS = [
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.integers(-9, 9),
    st.floats(),
    st.text(st.characters(codec="utf-8"), max_size=4),  # a frame holds no half of a surrogate pair
    st.sampled_from(["1", "1.0", "NA", " ", "true"]),
]
LISTS = st.one_of(*(st.lists(kind | st.none(), max_size=4) for kind in SCALARS), st.lists(st.one_of(*SCALARS)))


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2], pa.int64()),
        ([1, None], pa.float64()),
        ([1, 2.5], pa.float64()),
        ([True, False], pa.bool_()),
        (["a", None], pa.large_string()),
    ],
)
def test_values_of_one_kind_have_its_type(values: list[Any], kind: pa.DataType) -> None:
    cells = as_cells(values)
    assert (cells.type, cells.to_pylist()) == (kind, values)


@pytest.mark.parametrize("values", [[True, None], [1, "a"], [2**70, 1], [None, None], ["\ud800"], [[1], {"a": 1}], []])
def test_other_values_stay_as_they_are(values: list[Any]) -> None:
    assert as_cells(values) is values


def test_a_number_that_is_none_is_missing() -> None:
    assert as_cells([1.5, float("nan"), float("inf")]).to_pylist() == [1.5, None, float("inf")]


@given(LISTS)
def test_values_read_as_those_of_a_frame_made_of_them(values: list[Any]) -> None:
    # Beside a missing value a frame rounds what a double does not hold; see below.
    assume(all(type(value) is int for value in values) or not any(_is_long(value) for value in values))
    assert (
        as_text(as_cells(values), ["NA"]).to_pylist() == as_text(pd.DataFrame({"x": values})["x"], ["NA"]).to_pylist()
    )


def _is_long(value: Any) -> bool:
    return type(value) is int and abs(value) > 2**53


def test_a_whole_number_that_a_double_does_not_hold_stays_whole_beside_a_missing_one() -> None:
    assert as_cells([2**53 + 1, None]) == [2**53 + 1, None]
    assert isinstance(as_cells([2**53, None]), pa.Array)


def test_a_column_that_stands_twice_is_refused() -> None:
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", "a", "b"])
    with pytest.raises(CasebookError, match="column 'a' stands more than once; rename all but one"):
        columns_of_frame(frame, ["b", "a"])
    assert list(columns_of_frame(frame, ["b"])) == ["b"]


def test_rows_become_columns_and_what_a_row_lacks_is_missing() -> None:
    columns = columns_of_rows([{"a": 1, "b": "x"}, {"c": True, "a": 2}])
    assert {name: [*map(plain, cells)] for name, cells in columns.items()} == {
        "a": [1, 2],
        "b": ["x", None],
        "c": [None, True],
    }
    assert columns_of_rows([]) == {}


def test_the_columns_of_a_frame_that_are_asked_for() -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": np.array([1, "y"], dtype=object)}, index=[5, 5])
    columns = columns_of_frame(frame, ["c", "b", "z"])
    assert list(columns) == ["c", "b"]
    assert columns["c"] == [1, "y"]
    assert columns["b"].to_pylist() == ["x", None]


def test_moments_of_a_zone_keep_it() -> None:
    moments = pd.Series(pd.to_datetime(["2020-02-01 01:00"])).dt.tz_localize("Asia/Shanghai")
    cells = cells_of(moments)
    assert str(cells.type.tz) == "Asia/Shanghai"
    assert cells.to_numpy(zero_copy_only=False)[0] == np.datetime64("2020-01-31T17:00")


def plain(cell: Any) -> Any:
    return cell.as_py() if isinstance(cell, pa.Scalar) else cell
