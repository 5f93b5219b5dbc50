import random
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.kits.tables.kinds import guess_column
from components.kits.tables.seen import Guess

ROWS = 500
R = random.Random(1)  # noqa: S311
NUMERIC = {"kind": "numeric", "min": None, "max": None}
CATEGORICAL = {"kind": "categorical", "values": None}
MISSING = ("NA", "?", "-")


def amount(thousands: str, decimal: str, unit: str) -> dict[str, Any]:
    return {"kind": "amount", "thousands": thousands, "decimal": decimal, "unit": unit, "min": None, "max": None}


def dates(*formats: str) -> dict[str, Any]:
    return {"kind": "date", "formats": list(formats)}


def guess(name: str, cell: Callable[[], Any]) -> Guess:
    return guess_column(name, pd.Series([cell() for _ in range(ROWS)]), MISSING)


COLUMNS: list[tuple[str, Callable[[], Any], dict[str, Any]]] = [
    ("age", lambda: str(R.randint(18, 80)), NUMERIC),
    ("children", lambda: R.choice(["0", "1", "2", "3", "NA"]), NUMERIC),
    ("term", lambda: R.choice(["12", "24", "36", "60"]), NUMERIC),
    ("year", lambda: str(R.randint(1990, 2024)), NUMERIC),
    ("padded", lambda: f"  {R.random():.3e} ", NUMERIC),
    ("typed", R.random, NUMERIC),
    ("typed with gaps", lambda: R.choice([1.0, 2.0, 3.0, None]), NUMERIC),
    ("one hand", lambda: "－" if R.random() < 0.01 else str(R.randint(0, 500)), NUMERIC),
    ("rate", lambda: f"{R.random():.2f}%", amount(",", ".", "%")),
    ("price", lambda: f"${R.randint(0, 99999):,}.50", amount(",", ".", "$")),
    ("Preis", lambda: f"{R.randint(0, 9999999):,}".replace(",", ".") + ",50 €", amount(".", ",", "€")),
    ("decimal", lambda: f"{R.random() * 10:.2f}".replace(".", ","), amount(".", ",", "")),
    ("金额", lambda: f"{R.randint(0, 99999):,}元", amount(",", ".", "元")),
    ("scientific", lambda: f"{R.random() / 1e4:.2e}".replace(".", ","), amount(".", ",", "")),
    (
        "Franken",
        lambda: f"CHF {R.randint(0, 99999):,}.05".replace(",", "\N{RIGHT SINGLE QUOTATION MARK}"),
        amount("'", ".", "CHF"),
    ),
    ("lakh", lambda: R.choice(["12,34,567", "1,00,000", "5,000", "250"]), amount(",", ".", "")),
    (
        "weight",
        lambda: f"{R.randint(40, 120)}{R.choice(['kg', ' KG', ''])}",
        amount(",", ".", "kg") | {"suffixes": {"KG": 1.0}},
    ),
    (
        "followers",
        lambda: R.choice(["900", "1.2k", "3M", "2.3M"]),
        amount(",", ".", "") | {"suffixes": {"k": 1e3, "K": 1e3, "M": 1e6}},
    ),
    (
        "budget",
        lambda: f"{R.randint(1, 99)}.{R.randint(1, 9)}k€",
        amount(",", ".", "€") | {"suffixes": {"k": 1e3, "K": 1e3, "M": 1e6}},
    ),
    (
        "wait",
        lambda: R.choice(["1 year", "2 years", "7 years"]),
        amount(",", ".", "year") | {"suffixes": {"years": 1.0}},
    ),
    ("room", lambda: R.choice(["12A", "12B", "7C"]), CATEGORICAL),
    ("months", lambda: R.choice([" 36 months", " 60 months"]), amount(",", ".", "months")),
    ("profit", lambda: R.choice(["({})", "{}"]).format(R.randint(1, 999)), amount(",", ".", "")),
    ("flag", lambda: R.choice(["0", "1"]), {"kind": "boolean"}),
    ("flag", lambda: R.choice(["Y", "N", "", "?"]), {"kind": "boolean"}),
    ("有房", lambda: R.choice(["是", "否"]), {"kind": "boolean"}),
    ("typed flag", lambda: R.choice([True, False]), {"kind": "boolean"}),
    ("iso", lambda: f"20{R.randint(10, 24)}-{R.randint(1, 12):02d}-{R.randint(1, 28):02d}", dates("ISO8601")),
    ("time", lambda: f"2020-01-{R.randint(10, 28)}T0{R.randint(0, 9)}:00:00Z", dates("ISO8601")),
    ("european", lambda: f"{R.randint(1, 28):02d}/{R.randint(1, 12):02d}/2020", dates("%d/%m/%Y")),
    ("american", lambda: f"{R.randint(1, 12)}/{R.randint(1, 28)}/2020", dates("%m/%d/%Y")),
    ("minutes", lambda: f"{R.randint(13, 28)}.0{R.randint(1, 9)}.2020 0{R.randint(0, 9)}:30", dates("%d.%m.%Y %H:%M")),
    ("compact", lambda: f"2020{R.randint(1, 12):02d}{R.randint(1, 28):02d}", dates("%Y%m%d")),
    ("month", lambda: f"Dec-{R.randint(2001, 2016)}", dates("%b-%Y")),
    ("日期", lambda: f"2020年{R.randint(1, 12)}月{R.randint(1, 28)}日", dates("%Y年%m月%d日")),
    ("two hands", lambda: R.choice(["2020-01-02", "02/13/2021"]), dates("ISO8601", "%m/%d/%Y")),
    ("typed date", lambda: pd.Timestamp(2020, 1, R.randint(1, 28)), dates("ISO8601")),
    ("town", lambda: R.choice(["Rome", "Oslo ", "北京", "NA"]), CATEGORICAL),
    ("many", lambda: f"m{R.randint(0, 200)}", CATEGORICAL),
    ("purpose", lambda: R.choice(["pay off all my old debts", "buy a new car for me"]), CATEGORICAL),
    ("region", lambda: R.choice(["101", "205", "330"]), CATEGORICAL),
    ("education_code", lambda: str(R.randint(1, 5)), CATEGORICAL),
    ("account", lambda: R.choice(["10000000000000000001", "10000000000000000002"]), CATEGORICAL),
    ("shift", lambda: R.choice(["06:00", "14:00", "22:00"]), CATEGORICAL),
    ("zeros", lambda: R.choice(["01", "02", "10"]), CATEGORICAL),
    ("size", lambda: R.choice(["36", "38", "XL"]), CATEGORICAL),
    ("since", lambda: R.choice(["< 1 year", "2 years", "10+ years"]), CATEGORICAL),
    ("one or nothing", lambda: R.choice(["x", ""]), CATEGORICAL),
    ("text", lambda: " ".join(R.choice(["the", "loan", "was", "late"]) for _ in range(9)), {"kind": "text"}),
    ("备注", lambda: "".join(R.choice("今天天气很好我们去公园") for _ in range(16)), {"kind": "text"}),
]


@pytest.mark.parametrize(("name", "cell", "expected"), COLUMNS, ids=[name for name, _, _ in COLUMNS])
def test_kinds(name: str, cell: Callable[[], Any], expected: dict[str, Any]) -> None:
    assert guess(name, cell).column == expected


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (["1,234", "1500", "2,300"], "cannot tell thousands from decimals, a factor of 1,000, in '2,300' and '1500'"),
        (["86.468", "467"], "in '86.468' and '467', .* --decimal . .* or --thousands ."),
        (["12 kg", "13 lb"], "column x: its numbers have 2 units, kg, lb, such as '12 kg' and '13 lb'"),
        (["€5", "$5"], "its numbers have 2 units, €, [$]"),
        (["1.5", "2,5"], "'1.5' in column x has a decimal point, and '2,5' in column x has a decimal comma"),
        (["1.234.567", "1,5", "0.5"], "'0.5' in column x has a decimal point, and '1,5' in column x has a decimal"),
        (["1.234.567", "1,234.5"], "and '1.234.567' in column x parts thousands with points"),
        (["1 234", "2,345,678", "0.5"], "thousands are parted in 2 ways, such as '1 234' and '2,345,678'"),
    ],
)  # fmt: skip
def test_numbers_that_can_be_read_in_two_ways_are_refused(cells: list[str], told: str) -> None:
    with pytest.raises(CasebookError, match=told):
        guess_column("x", pd.Series(cells * 20), MISSING)


@pytest.mark.parametrize(
    ("name", "cell", "words"),
    [
        ("income", lambda: "unknown" if R.random() < 0.1 else str(R.randint(0, 500)), ("unknown",)),
        ("date", lambda: "0000-00-00" if R.random() < 0.1 else f"2020-01-{R.randint(1, 28):02d}", ("0000-00-00",)),
    ],
)
def test_words_among_numbers_and_dates_stand_for_no_value(name: str, cell: Callable[[], Any], words: Any) -> None:
    found = guess(name, cell)
    assert found.column is not None
    assert found.column["kind"] in ("numeric", "date")
    assert found.words == words


def test_a_few_broken_cells_cost_their_rows_and_not_the_column() -> None:
    found = guess_column("n", pd.Series([str(row * 7 % 1000) for row in range(498)] + ["1-5", "2-5"]), MISSING)
    assert (found.column, found.broken) == (NUMERIC, 2 / 500)


@pytest.mark.parametrize(
    ("name", "cells", "reason", "key"),
    [
        ("x", [""] * 50, "it has no values", False),
        ("x", ["a"] * 50, "it is always 'a'", False),
        ("x", [str(row) for row in range(50)], "it counts the rows (0, 1, 2, ...)", True),
        ("account_id", [str(row * 7919 % 1000) for row in range(50)], "all its 50 values differ and its name is", True),
        ("zip", [f"0{row * 7919 % 10_000:04d}" for row in range(50)], "its numbers begin with 0, so they are", True),
        ("x", [f"u{row}" for row in range(50)], "50 of its 50 values differ", True),
        ("x", [f"u{row}" for row in range(48)] + ["", ""], "48 of its 48 values differ", False),
        ("x", [[1, 2], None] * 25, "its cells are lists or structures", False),
        ("x", [str(10**19 + row * 7) for row in range(50)], "its digits name something: as a number 1000000000", True),
        ("x", [str(10**19 + row // 2 * 7) for row in range(50)], "its digits name something: as a number 10000", False),
        ("x", ["1" * 500, "2" * 500] + [str(row) for row in range(48)], "its digits name something: 111111111", True),
        (
            "x",
            [f"{row % 24:02d}:{row:02d}" for row in range(50)],
            "its values are times of day or durations, suc",
            False,
        ),
        ("x", [f"{row},234.5.6" for row in range(50)], "50 of its 50 values differ", False),  # no key
    ],
)
def test_columns_that_cannot_help_are_left_out_with_a_reason(
    name: str, cells: Any, reason: str | None, key: bool
) -> None:
    found = guess_column(name, pd.Series(cells), MISSING)
    if reason is None:
        assert found.column == CATEGORICAL
    else:
        assert found.column is None
        assert found.reason.startswith(reason)
        assert found.key is key


def test_an_identifier_that_repeats_names_what_rows_belong_to() -> None:
    found = guess_column("customer_id", pd.Series([f"c{row // 3}" for row in range(600)]), MISSING)
    assert (found.column, found.entity) == (None, True)


def test_dates_of_both_orders_are_not_guessed_at(caplog: pytest.LogCaptureFixture) -> None:
    mixed = [f"13/0{row % 9 + 1}/2020" for row in range(50)] + [f"0{row % 9 + 1}/13/2020" for row in range(50)]
    with pytest.raises(CasebookError, match=r"'13/01/2020' has the day first, '01/13/2020' the month.*--dates when="):
        guess_column("when", pd.Series(mixed), MISSING)
    either = pd.Series([f"0{row % 9 + 1}/0{row % 7 + 1}/2020" for row in range(50)])
    assert guess_column("when", either, MISSING).column == dates("%d/%m/%Y")
    assert "could be day or month first; %d/%m/%Y is taken" in caplog.text
