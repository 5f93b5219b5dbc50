import numpy as np
import pyarrow as pa
import pytest

from components.kits.tables.encoding.spec import CategoricalColumn, DateColumn, NumericColumn
from components.kits.tables.encoding.values import read_cells

MISSING = ("NA", "?")


def test_a_column_has_texts_of_its_own_for_no_value_and_keeps_those_that_are_one() -> None:
    column = CategoricalColumn(kind="categorical", values=None, missing=("none",), present=("na",))
    assert read_cells(["NA", "?", "None", "US"], column, MISSING)[0].to_pylist() == ["NA", None, None, "US"]


@pytest.mark.parametrize("cells", [["-999", "-999.0", "7", ""], pa.array([-999.0, -999.0, 7.0, None])])
def test_a_number_stands_for_no_value_however_it_is_written(cells: pa.Array | list[str]) -> None:
    column = NumericColumn(kind="numeric", min=0, max=None, missing=("-999",))
    values, broken = read_cells(cells, column, MISSING)
    np.testing.assert_array_equal(values, [np.nan, np.nan, 7, np.nan])
    assert not broken.any()


def test_a_laboratory_writes_limits_and_flags() -> None:
    column = NumericColumn(kind="numeric", min=None, max=None, laboratory=True)
    assert np.asarray(read_cells(["<0.5", "7.4 H", "8"], column, ())[0]).tolist() == [0.5, 7.4, 8]
    assert read_cells(["<0.5"], column.model_copy(update={"laboratory": False}), ())[1].tolist() == [True]


@pytest.mark.parametrize(
    ("latest", "years"), [(None, ["2042", "1969"]), (2026, ["1942", "1969"]), (1950, ["1942", "1869"])]
)
def test_two_digits_are_of_the_last_century_that_the_column_allows(latest: int | None, years: list[str]) -> None:
    column = DateColumn(kind="date", formats=("%d.%m.%y", "%d.%m.%Y"), latest=latest)
    values, broken = read_cells(["14.01.42", "31.12.69", "14.01.2042", "x"], column, ())
    assert [str(value)[:10] for value in np.asarray(values)] == [
        f"{years[0]}-01-14",
        f"{years[1]}-12-31",
        "2042-01-14",
        "NaT",
    ]
    assert broken.tolist() == [False, False, False, True]


def test_what_is_not_stated_is_not_dumped() -> None:
    assert NumericColumn(kind="numeric", min=None, max=None).model_dump() == {
        "kind": "numeric",
        "min": None,
        "max": None,
    }
    assert DateColumn(kind="date", formats=("%Y",)).model_dump() == {"kind": "date", "formats": ("%Y",)}
