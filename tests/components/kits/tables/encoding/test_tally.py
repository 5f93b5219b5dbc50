"""When rows as a whole are written in another way, by hand; training's ages are 20 to 60, its incomes 1000 to 3000."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from components.kits.tables.encoding.tally import SAMPLED, EvenSample, Remark, Tally
from tests.components.kits.tables.encoding.test_known import KNOWN, asked

LIMIT = 0.01


def remarks(rows: Sequence[dict[str, Any]], parts: int = 1) -> list[Remark]:
    tally = Tally(KNOWN)
    for part in range(parts):
        if some := rows[part::parts]:
            tally.add(asked(*some))
    return tally.remarks(LIMIT)


def column(name: str, cells: Sequence[Any]) -> list[dict[str, Any]]:
    return [{name: cell} for cell in cells]


def test_ordinary_rows_get_no_remark() -> None:
    assert remarks(column("income", range(1000, 3001, 20))) == []


def test_three_unreadable_cells_stop_where_they_are_more_than_the_share() -> None:
    assert remarks(column("income", ["1,5", "2,5", *[2000] * 8])) == [
        Remark("income", "2 of 10 cells cannot be read and count as missing, such as '1,5' and '2,5'", stops=False)
    ]
    (found,) = remarks(column("income", ["1,5", "2,5", "1,5", "3,5", "4,5", *[2000] * 5]))
    assert found.text == (
        "5 of 10 cells cannot be read and count as missing (50.0%; predict.max_unreadable allows 1.0%), such as "
        "'1,5', '2,5' and '3,5'"
    )
    assert found.stops
    (found,) = remarks(column("income", ["1,5", "2,5", "1,5", *[2000] * 297]))
    assert not found.stops  # 1% is no more than 1%


def test_the_share_is_of_cells_that_hold_something() -> None:
    (found,) = remarks(column("income", ["1,5", "2,5", "3,5", *[None] * 997]))
    assert found.text.startswith("3 of 3 cells cannot be read")
    assert found.stops


@pytest.mark.parametrize(("cells", "stops"), [(["1,5"], True), (["1,5", None], True), (["1,5", 2000], False)])
def test_a_column_of_which_no_cell_can_be_read_stops_however_few_they_are(cells: list[Any], stops: bool) -> None:
    (found,) = remarks(column("income", cells))
    assert found.stops is stops


@pytest.mark.parametrize(
    ("cells", "stops"),
    [
        ([500] * 10 + [2000] * 9, False),  # most of 19, which say nothing
        ([500] * 10 + [2000] * 10, False),  # half of 20 is not over half
        ([500] * 11 + [2000] * 9, True),
    ],
)
def test_most_of_twenty_values_outside_training_stop(cells: list[int], stops: bool) -> None:
    (found,) = remarks(column("income", cells))
    assert found.stops is stops
    assert found.text.endswith("values lie outside training's 1000 to 3000, such as 500")


def test_classes_that_training_did_not_have_count_as_outside() -> None:
    (found,) = remarks(column("home", ["Miete", "Eigentum"] * 10))
    assert found.stops
    assert found.text == (
        "20 of 20 cells are of classes that training did not have and score as rare ones, such as 'Miete' and "
        "'Eigentum'"
    )
    (found,) = remarks(column("home", ["Miete"] * 10 + ["rent"] * 10))
    assert not found.stops


@pytest.mark.parametrize("times", [1000, 100, 10, 0.1, 0.01, 0.001])
def test_a_median_of_another_power_of_ten_stops(times: float) -> None:
    found = remarks(column("income", np.linspace(1200, 2800, 21) * times))
    assert [one.column for one in found if one.stops] == ["income"]
    large = {
        1000: "2e+06, about 1,000 times more",
        100: "200000, about 100 times more",
        10: "20000, about 10 times more",
    }
    small = {0.1: "200, about 10 times less", 0.01: "20, about 100 times less", 0.001: "2, about 1,000 times less"}
    assert found[0].text.endswith(f"the median is {(large | small)[times]} than training's 2000")


def test_other_medians_do_not() -> None:
    """Three times training's is another population; one of few cells says nothing."""
    assert [one.stops for one in remarks(column("age", [20] * 10 + [60] * 11))] == []
    many = [*[2000] * 10, *[6000] * 10]
    assert not any(one.stops for one in remarks(column("income", many)))
    assert not any(one.stops for one in remarks(column("income", [20_000] * 19)))


def test_the_parts_of_a_file_count_as_the_whole() -> None:
    rows = column("income", ["1,5", *np.linspace(500, 9000, 99)]) + column("home", ["castle", "rent"] * 10)
    one, several = remarks(rows), remarks(rows, parts=7)
    assert [(found.column, found.stops) for found in one] == [(found.column, found.stops) for found in several]
    assert [found.text.partition(", such")[0] for found in one] == [
        found.text.partition(", such")[0] for found in several
    ]


def test_a_sample_is_evenly_spread_however_long_the_file() -> None:
    sample = EvenSample()
    for first in range(0, 100_000, 777):
        sample.add(np.arange(first, min(first + 777, 100_000), dtype=float)[:, None])
    assert SAMPLED <= len(sample.rows) <= 2 * SAMPLED
    assert np.unique(np.diff(sample.rows[:, 0])).tolist() == [16]
    assert np.median(sample.rows) == pytest.approx(50_000, rel=0.001)
