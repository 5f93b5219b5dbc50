import datetime
import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.kits.tables.encoding.text import as_amount, as_label, as_name, as_number, as_text

NAN = float("nan")


def texts(*cells: str | None) -> pa.Array:
    return pa.array(cells, pa.large_string())


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (pd.Series([" a ", "\u3000b\xa0", "", "  ", "NA", "na ", "?"]), ["a", "b", *[None] * 5]),
        (pd.Series([1, 20]), ["1", "20"]),
        (pd.Series([1.0, 0.1, np.nan]), ["1", "0.1", None]),
        (pd.Series([True, None], dtype="boolean"), ["true", None]),
        (pd.Series(["x", None], dtype="category"), ["x", None]),
        (pd.Series([1, None, "b ", True, 2.5, b"y"], dtype=object), ["1", None, "b", "true", "2.5", "y"]),
        (
            pd.Series([datetime.date(2020, 1, 2), decimal.Decimal("1.50"), pd.NaT], dtype=object),
            ["2020-01-02", "1.50", None],
        ),
        (pd.Series([], dtype=object), []),
    ],
)
def test_cells_of_any_type_become_text(cells: pd.Series, expected: list[str | None]) -> None:
    assert as_text(cells, ["NA", "?"]).to_pylist() == expected


def test_a_whole_number_is_the_same_label_with_and_without_a_point() -> None:
    assert as_label(texts("1.0", "1", "-2.00", "1.5", "a.0", "01.0", None)).to_pylist() == [
        "1", "1", "-2", "1.5", "a.0", "01", None,
    ]  # fmt: skip


def test_numbers() -> None:
    cells = texts("12", "-0.5", "+.5", "5.", "1e3", "1E-2", "１２", "−4", "inf", "-Infinity", "1e999", None)
    numbers, broken = as_number(cells)
    inf = float("inf")
    np.testing.assert_array_equal(numbers, [12, -0.5, 0.5, 5, 1000, 0.01, 12, -4, inf, -inf, inf, NAN])
    assert not broken.any()


@pytest.mark.parametrize("text", ["x", "1,5", "0x10", "1_000", "1 2", "--1", "1e", ".", "nan", "٣", "1.2.3", "12%"])
def test_no_numbers(text: str) -> None:
    numbers, broken = as_number(texts(text))
    assert np.isnan(numbers).all()
    assert broken.all()


@pytest.mark.parametrize(
    ("thousands", "decimal", "unit", "text", "number"),
    [
        (",", ".", "$", "$1,234.50", 1234.5),
        (",", ".", "$", "-$5", -5),
        (",", ".", "$", "$-5", -5),
        (",", ".", "$", "(1,200)", -1200),
        (",", ".", "$", "3 $", 3),
        (",", ".", "$", "1,234,567", 1234567),
        (",", ".", "$", "1234", 1234),
        (",", ".", "￥", "¥5", 5),
        (",", ".", "元", "1,200元", 1200),
        (".", ",", "€", "1.234,56 €", 1234.56),
        (" ", ",", "", "1\u202f234\xa0567,5", 1234567.5),
        ("'", ".", "CHF", "CHF 1'000.05", 1000.05),
        (",", ".", "%", "12.5 %", 12.5),
        (",", ".", "%", "(3%)", -3),
        ("", ",", "", "0,25", 0.25),
        (",", ".", "", "12,34,567.5", 1234567.5),
        (".", ",", "", "1,5e-05", 1.5e-5),
        ("'", ".", "", "1\N{RIGHT SINGLE QUOTATION MARK}234", 1234),
    ],
)
def test_amounts(thousands: str, decimal: str, unit: str, text: str, number: float) -> None:
    numbers, broken = as_amount(texts(text, None), thousands, decimal, unit)
    np.testing.assert_array_equal(numbers, [number, NAN])
    assert broken.tolist() == [False, False]


@pytest.mark.parametrize(
    ("thousands", "decimal", "unit", "text"),
    [
        (",", ".", "", "1,5"),  # a decimal comma, which must not become 15
        (",", ".", "", "12,34"),
        (",", ".", "", "1234,567"),
        (".", ",", "", "1.5"),
        (",", ".", "%", "0.12"),  # a share among percentages
        (",", ".", "$", "€5"),
        (",", ".", "$", "-$-5"),
        (",", ".", "", "(5"),
        (",", ".", "", "five"),
        (",", ".", "", "1,23,4567"),
        (".", ",", "", "12.34.567"),  # only commas group by two
        (",", ".", "", "12k"),
    ],
)
def test_what_another_hand_wrote_is_no_amount(thousands: str, decimal: str, unit: str, text: str) -> None:
    numbers, broken = as_amount(texts(text), thousands, decimal, unit)
    assert np.isnan(numbers).all()
    assert broken.all()


@pytest.mark.parametrize(
    ("unit", "text", "number"),
    [
        ("", "900", 900),
        ("", "1.1k", 1100),
        ("", "2.3 M", 2300000),
        ("", "-5k", -5000),
        ("", "(5k)", -5000),
        ("€", "2.3M €", 2300000),
        ("€", "€1.5k", 1500),
        ("kg", "12 kg", 12),
        ("kg", "12KG", 12),
        ("kg", "3 lb", 3 * 0.4536),
    ],
)
def test_suffixes_say_what_a_number_is_times(unit: str, text: str, number: float) -> None:
    suffixes = {"k": 1e3, "M": 1e6, "KG": 1.0, "lb": 0.4536}
    numbers, broken = as_amount(texts(text, None, "5q", "k"), ",", ".", unit, suffixes)
    np.testing.assert_array_equal(numbers, [number, NAN, NAN, NAN])
    assert broken.tolist() == [False, False, True, True]


@given(st.integers(-(10**15), 10**15), st.sampled_from([",", " ", "'"]))
def test_grouped_integers_are_read_back(number: int, thousands: str) -> None:
    text = f"{number:,}".replace(",", thousands)
    assert as_amount(texts(text), thousands, ".", "")[0].tolist() == [number]


@given(st.lists(st.text() | st.none()), st.sampled_from(["", "$", "%", "元"]))
def test_any_text_is_read_without_an_exception(cells: list[str | None], unit: str) -> None:
    for numbers, broken in (as_number(texts(*cells)), as_amount(texts(*cells), ",", ".", unit)):
        assert np.isnan(numbers[broken]).all()
        assert len(numbers) == len(cells)


@pytest.mark.parametrize("cells", [[3, 1], [3.0, 1.0], ["3", " 1"], ["3.0", "1"]])
def test_a_name_is_the_same_however_it_was_stored(cells):
    assert as_name(pd.Series(cells)).tolist() == ["3", "1"]
