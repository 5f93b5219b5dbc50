from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.kits.tables.labels import column_of, find_labels, read_target, share_labelled, without_outcome
from tests.components.kits.tables.tables import NUMERIC, spec

MISSING = ("NA", "-", "None")


def read(cells: list[Any], positive: str, negative: str) -> list[Any]:
    params = spec({"a": NUMERIC}, target={"column": "y", "positive": positive, "negative": negative})
    return read_target(pd.DataFrame({"y": cells}), params, Path("rows.csv")).tolist()


def test_labels_are_compared_without_case_and_blanks() -> None:
    assert read(["Bad", " bad ", "GOOD", "", "NA"], "bad", "good") == [1, 1, 0, pd.NA, pd.NA]


@pytest.mark.parametrize("cells", [["1", "0"], [1, 0], [1.0, 0.0], ["1.0", "0.0"], ["1", "0.0"]])
def test_labels_are_the_same_from_every_type(cells: list[Any]) -> None:
    assert read(cells, "1", "0") == [1, 0]


def test_booleans_are_true_and_false() -> None:
    assert read([True, False], "true", "false") == [1, 0]


def test_a_text_for_no_value_may_be_a_label() -> None:
    assert read(["+", "-", ""], "+", "-") == [1, 0, pd.NA]


def test_other_values_are_counted_and_placed() -> None:
    with pytest.raises(CasebookError) as caught:
        read(["bad", "good", "worse", "Worst", "worse"], "bad", "good")
    assert str(caught.value) == (
        "rows.csv: column y (the target) has 3 value(s) that are neither 'bad' nor 'good': 'worse' (2), 'Worst' (1), "
        "the first in row 3; correct them, set prepare.target, add them to prepare.missing, or to prepare.target."
        "ignore if their rows have no outcome"
    )


@pytest.mark.parametrize(
    ("cells", "positive", "expected"),
    [
        (["good"] * 3 + ["bad"], None, ("bad", "good")),
        (["good"] * 3 + ["bad"], "Good", ("good", "bad")),
        (["Yes", "yes", "yes", "no", "NA", ""], None, ("no", "yes")),
        (["0", "1"], None, ("1", "0")),  # of equals the later
        ([0.0, 1.0, None, 0.0], None, ("1", "0")),
        (["+", "-", "-"], None, ("+", "-")),
        (["some", "None"], None, ("some", "None")),
        (["是", "否", "否"], None, ("是", "否")),
    ],
)
def test_labels_found(cells: list[Any], positive: str | None, expected: tuple[str, str]) -> None:
    assert find_labels(pd.Series(cells), positive, MISSING, "y") == expected


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["a", "b", "c", "c"], "has 3 different value.*exactly two: 'c' \\(2\\), 'a' \\(1\\), 'b' \\(1\\); choose"),
        (["a", "a", "NA"], "has 1 different value.*'a' \\(2\\); choose"),
        (["", None], "has 0 different value.*every cell is empty"),
        (list(range(100)), "has 100 different value.*'0' \\(1\\), .*, \\.\\.\\.; choose"),
    ],
)
def test_not_two_values(cells: list[Any], message: str) -> None:
    with pytest.raises(CasebookError, match=message):
        find_labels(pd.Series(cells), None, MISSING, "y")


def test_a_third_value_of_few_rows_is_named_with_its_count_and_the_option() -> None:
    cells = pd.Series(["good"] * 60 + ["bad"] * 37 + ["in court"] * 3)
    with pytest.raises(CasebookError, match=r"'in court' \(3\); --ignore-target 'in court' leaves those 3 row"):
        find_labels(cells, None, MISSING, "y")
    assert find_labels(cells, None, MISSING, "y", ["In court "]) == ("bad", "good")
    with pytest.raises(CasebookError, match="y has no value 'pending' to ignore, only 'good' \\(60\\)"):
        find_labels(cells, None, MISSING, "y", ["pending"])


def test_rows_of_no_outcome_have_no_target_and_are_counted() -> None:
    target = {"column": "y", "positive": "bad", "negative": "good", "ignore": ["In court"]}
    params, frame = spec({"a": NUMERIC}, target=target), pd.DataFrame({"y": ["bad", "in court ", "good", "NA"]})
    assert read_target(frame, params, Path("rows.csv")).tolist() == [1, pd.NA, 0, pd.NA]
    assert without_outcome(frame[params.target.column], params.target.ignore) == 1


def test_a_positive_label_that_is_not_there() -> None:
    with pytest.raises(CasebookError, match="y has no value 'default', only 'bad' and 'good'"):
        find_labels(pd.Series(["good", "bad"]), "default", MISSING, "y")


def test_a_target_that_is_not_there_is_met_with_what_is() -> None:
    with pytest.raises(CasebookError, match="no column 'status'; there are: Status"):
        column_of(pd.DataFrame({"Status": [1], "x": [1]}), "status", Path("rows.csv"))


def test_share_of_rows_with_a_label() -> None:
    assert share_labelled(pd.Series(["Yes", "no", "NA", ""]), ("yes", "no")) == 2 / 4
