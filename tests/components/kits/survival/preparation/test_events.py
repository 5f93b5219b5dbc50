import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.kits.survival.preparation.events import check_not_reversed, read_events

MISSING = ("NA",)


def read(cells: list[object], *values: str, censored: tuple[str, ...] = ()) -> np.ndarray:
    return read_events(pd.Series(cells), "died", values, censored, MISSING, "rows.csv: column died:").event


@pytest.mark.parametrize(
    ("cells", "values", "censored"),
    [
        ([1, 0, None, 1], (), ()),
        (["yes", "no", "NA", "YES"], (), ()),
        ([2, 1, None, 2], ("2",), ()),
        ([2.0, 1.0, None, 2.0], ("2.0",), ()),
        (["Dead", "Alive", "", "dead "], ("dead",), ()),
        (["1:DECEASED", "0:LIVING", "NA", "1:DECEASED"], ("1:DECEASED",), ()),
        ([2, 0, None, 1], ("1", "2"), ()),
        ([2, 0, None, 2], ("2",), ("0",)),
        (["NA", "alive", None, "na"], ("NA",), ()),  # said to be the event, it is a value
    ],
)
def test_the_event_is_known_or_said(cells: list[object], values: tuple[str, ...], censored: tuple[str, ...]) -> None:
    np.testing.assert_array_equal(read(cells, *values, censored=censored), [1, 0, np.nan, 1])


def test_types_of_event_that_are_all_said_are_told_apart() -> None:
    found = read_events(pd.Series([0, 1, 2, 2, 0]), "status", ("2",), ("0", "1"), MISSING, "")
    assert found.event.tolist() == [0, 0, 1, 1, 0]
    assert (found.had, found.censored) == ({"2": 2}, {"0": 2, "1": 1})
    assert found.told("status") == (
        "event status: '2' (2 row(s)) is the event, '0' (2 row(s)) and '1' (1 row(s)) is censored"
    )
    assert found.known.tolist() == [False, False, True, True, False]


@pytest.mark.parametrize(
    ("cells", "values", "censored", "message"),
    [
        (
            [1, 2, 2],
            (),
            (),
            r"2 value\(s\) are neither a yes nor a no, such as '2' in row 2 .*--event-value 2 or --event-",
        ),
        (["Alive", "Dead"], (), (), "which is the event? --event-value Dead or --event-value Alive"),
        (["0:LIVING", "1:DECEASED"], (), (), "--event-value 1:DECEASED or --event-value 0:LIVING"),
        (["Dead", "Dead"], (), (), r"say whether it is the event \(--event-value Dead\)"),
        ([0, 1, 2], (), (), r"competing_risks, with each named.* '0' \(1\).*--event-value 2 --censored-value 0"),
        ([0, 1, 2], ("2",), (), r"'0' \(1\), '1' \(1\) beside '2' .*--censored-value 0 --censored-value 1"),
        ([0, 1, 2], ("2",), ("0",), r"column died: '1' \(1\) beside '2' \(the event\): more than one type"),
        ([0, 1], ("3",), (), r"no value '3' \(the event\), only '0' \(1\), '1' \(1\)"),
        (list(range(50)), (), (), "it has 50 different values; name the column"),
    ],
)
def test_what_cannot_be_known_is_asked(
    cells: list[object], values: tuple[str, ...], censored: tuple[str, ...], message: str
) -> None:
    with pytest.raises(CasebookError, match=message.replace("event?", r"event\?")):
        read(cells, *values, censored=censored)


@pytest.mark.parametrize("name", ["cens", "Alive", "overall_survival", "event_free"])
def test_a_truth_whose_name_may_say_the_opposite_is_asked(name: str) -> None:
    found = read_events(pd.Series([0, 1, 1]), name, (), (), MISSING, "")
    with pytest.raises(CasebookError, match="which value is the event: --event-value 1 or --event-value 0"):
        check_not_reversed(found, name, f"column {name}:")


def test_a_truth_that_is_named_after_the_event_is_not() -> None:
    found = read_events(pd.Series([0, 1, 1]), "died", (), (), MISSING, "")
    check_not_reversed(found, "died", "")
    assert (found.had, found.censored) == ({"1": 2}, {"0": 1})
