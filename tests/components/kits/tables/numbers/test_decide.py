import logging
import re

import numpy as np
import pyarrow as pa
import pytest

from components.core.errors import CasebookError
from components.kits.tables.numbers.decide import NOT_STATED, Stated, Writing, decide, stated
from components.kits.tables.numbers.marks import Marks

# How a German file writes an amount, a rate and an age.
AMOUNT, RATE, AGE = "86.468 467 59.310", "0,126 4,25", "46 61"


def decided(delimiter: str | None, said: Stated = NOT_STATED, **columns: str) -> Writing:
    found = {name: Marks(name) for name in columns}
    for name, cells in columns.items():
        texts = pa.array(cells.split(), pa.large_string())
        found[name].add(texts, np.ones(len(texts), dtype=np.int64))
    return decide(found, delimiter, said)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", None])
def test_a_decimal_comma_in_one_column_says_what_points_are_in_another(delimiter: str | None) -> None:
    assert decided(delimiter, amount=AMOUNT, rate=RATE, age=AGE) == Writing(",", ".")
    assert decided(delimiter, income="54,232 1500", rate="0.126", age=AGE) == Writing(".", ",")


def test_the_evidence_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        decided(";", amount=AMOUNT, rate=RATE)
    told = "numbers are written with a decimal comma ('0,126' in column rate); '59.310' in column amount has thousands"
    assert caplog.messages == [told]


def test_semicolons_speak_for_a_decimal_comma() -> None:
    assert decided(";", amount=AMOUNT, age=AGE) == Writing(",", ".")
    assert decided(";", density="0.9978 1.001", age=AGE) == Writing(".", ",")  # but prove nothing against a point
    assert decided(";", amount="€50,000.12", price="€12,345") == Writing(".", ",")


def test_whole_numbers_leave_nothing_open() -> None:
    assert decided(",", age=AGE, code="1500") == Writing(".", ",")


@pytest.mark.parametrize(
    ("delimiter", "columns", "shown"),
    [
        (
            ",",
            {"amount": AMOUNT, "age": AGE},
            "column amount: cannot tell thousands .* in '59.310' and '467', .* --decimal . .* --thousands .",
        ),
        ("\t", {"amount": "1,234 2,345"}, "in '1,234' and '2,345'"),
        (";", {"amount": "1,230 45"}, "in '1,230' and '45'"),  # decimals are not written so, but ; speaks for them
        (";", {"weight": "12.345 13.500"}, "in '13.500' and '12.345'"),  # three decimals in every cell
        (",", {"a": "20.850 29.040", "b": "8,350"}, "column a: cannot tell .* in '20.850' and '29.040'"),
    ],
)
def test_what_stays_open_is_asked(delimiter: str, columns: dict[str, str], shown: str) -> None:
    with pytest.raises(CasebookError, match=shown):
        decided(delimiter, **columns)
    for said in (Stated("."), Stated(","), Stated(None, "."), Stated(",", ".")):
        assert decided(delimiter, said, **columns).decimal == said.mark


@pytest.mark.parametrize(
    ("delimiter", "columns", "shown"),
    [
        (
            ",",
            {"a": "1.5", "b": "2,5"},
            "'1.5' in column a has a decimal point, and '2,5' in column b has a decimal comma",
        ),
        (";", {"a": "129.0", "b": "1.000 800"}, "'129.0' in column a .* '1.000' in column b looks like thousands"),
        (";", {"a": "129.0 1.000"}, "'129.0' in column a .* '1.000' in column a looks like thousands"),
        (",", {"a": "129.0", "b": "1.000 800"}, "'800' beside it has no decimals"),
        (",", {"a": "0,5", "b": "1,000 800"}, "'1,000' in column b looks like thousands"),
    ],
)
def test_evidence_that_conflicts_is_refused_with_both_cells(
    delimiter: str, columns: dict[str, str], shown: str
) -> None:
    with pytest.raises(CasebookError, match=f"{shown}.*--decimal"):
        decided(delimiter, **columns)


def test_what_is_stated_settles_it_and_names_the_columns_that_do_not_fit(caplog: pytest.LogCaptureFixture) -> None:
    found = decided(";", Stated(","), rate=RATE, code="250.01 14.1")
    assert found == Writing(",", ".", {"code": "250.01"})
    assert "column code is none of numbers: '250.01' does not fit the decimal mark ," in caplog.messages
    with pytest.raises(CasebookError, match=re.escape("--decimal , does not fit '250.01' in column code")):
        decided(",", Stated(","), code="250.01 14.1", age=AGE)


@pytest.mark.parametrize(
    ("decimal", "thousands", "message"),
    [
        ("x", None, "the decimal mark of numbers is . or ,"),
        (None, "-", "thousands are parted by"),
        (",", ",", "differ"),
    ],
)
def test_marks_that_are_none(decimal: str | None, thousands: str | None, message: str) -> None:
    with pytest.raises(CasebookError, match=message):
        stated(decimal, thousands)


def test_thousands_that_are_parted_otherwise_make_the_mark_a_decimal_one() -> None:
    assert decided(",", Stated(None, "'"), amount=AMOUNT) == Writing(".", "'")
    assert decided(",", Stated(None, ""), amount="86,468 467") == Writing(",", "")
    assert decided(",", Stated(None, "'"), rate=RATE) == Writing(",", "'")
    with pytest.raises(CasebookError, match="column a: cannot tell"):
        decided(",", Stated(None, "'"), a="20.850", b="8,350")
