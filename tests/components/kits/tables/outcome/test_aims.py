from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.kits.tables.hints import NO_HINTS, Hints
from components.kits.tables.infer import infer_rows
from components.kits.tables.outcome.aims import Amounts, Classes, in_order, merged

ROWS = 240
RANDOM = np.random.default_rng(0)


def infer(folder: Path, cells: Any, aim: Any, hints: Hints = NO_HINTS, **columns: Any) -> dict[str, Any]:
    path = folder / "rows.csv"
    pd.DataFrame({"x": RANDOM.normal(size=len(cells)).round(3), **columns, "y": cells}).to_csv(path, index=False)
    return infer_rows(path, "y", aim, hints=hints)


def classes(**changes: Any) -> Classes:
    return Classes(**{"ignore": (), "merge": {}, "least": 10, "max_leak_auc": 0.99, **changes})


def test_a_block_of_classes(tmp_path: Path) -> None:
    cells = ["low", "High", "mid", "high "] * 60
    block = infer(tmp_path, cells, classes(), town=["Rome", "Oslo", "Bonn", "Rome", "Oslo"] * 48)
    assert block["target"] == {"column": "y", "values": ["High", "low", "mid"]}
    assert (block["min_class_rows"], block["max_leak_auc"]) == (10, 0.99)
    assert set(block["columns"]) == {"x", "town"}
    assert block["split"]["by"] == "stratified"


def test_rare_classes_are_asked_about_and_each_answer_stands_in_the_block(tmp_path: Path) -> None:
    cells = ["a", "b", "c"] * 78 + ["d", "d", "d", "e", "e", "e"]
    with pytest.raises(CasebookError, match=r"2 class\(es\) have fewer than 10 rows: 'd' \(3\), 'e' \(3\)") as asked:
        infer(tmp_path, cells, classes())
    for option in ("--ignore-target d --ignore-target e", "--merge d=e", "--min-class-rows 3"):
        assert option in str(asked.value)
    assert infer(tmp_path, cells, classes(ignore=("d", "e")))["target"]["ignore"] == ["d", "e"]
    merge = infer(tmp_path, cells, classes(merge={"c": ("d", "E")}))["target"]
    assert merge == {"column": "y", "values": ["a", "b", "c"], "merge": {"c": ["d", "e"]}}
    assert infer(tmp_path, cells, classes(least=3))["min_class_rows"] == 3


def test_two_values_are_no_case_of_several(tmp_path: Path) -> None:
    with pytest.raises(CasebookError, match=r"has 2 different value.*--recipe binary"):
        infer(tmp_path, ["a", "b"] * 120, classes())


def test_a_word_for_no_value_is_told_and_may_be_a_class(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cells = ["none", "some", "all", "half"] * 60
    block = infer(tmp_path, cells, classes())
    assert block["target"]["values"] == ["all", "half", "some"]
    assert (
        "column y: 'none', in 60 cell(s), is taken for no value; if it is a class, say --present y=none" in caplog.text
    )
    present = infer(tmp_path, cells, classes(), Hints(present={"y": ("none",)}))
    assert present["target"]["values"] == ["all", "half", "none", "some"]


def test_a_block_of_a_number(tmp_path: Path) -> None:
    values = np.arange(ROWS) * 7 % 239 + 0.5
    block = infer(tmp_path, values, Amounts((), 0.99))
    assert block["target"] == {"column": "y", "kind": "numeric", "min": None, "max": None}
    assert block["max_leak_r2"] == 0.99
    assert "max_leak_auc" not in block
    dollars = infer(tmp_path, [f"${value:,.2f}" for value in 1000 * values], Amounts((), 0.99))["target"]
    assert {dollars["kind"], dollars["unit"], dollars["thousands"]} == {"amount", "$", ","}


def test_words_among_numbers_are_asked_about(tmp_path: Path) -> None:
    values = [f"{value}.5" for value in np.arange(ROWS - 3) * 7 % 239] + ["withdrawn"] * 3
    with pytest.raises(
        CasebookError, match=r"3 of 240 value\(s\) are no numbers: 'withdrawn' \(3\); --ignore-target w"
    ):
        infer(tmp_path, values, Amounts((), 0.99))
    assert infer(tmp_path, values, Amounts(("withdrawn",), 0.99))["target"]["ignore"] == ["withdrawn"]


def test_codes_are_read_as_numbers_where_that_is_said(tmp_path: Path) -> None:
    block = infer(tmp_path, [101, 205, 330, 107] * 60, Amounts((), 0.99))
    assert block["target"]["kind"] == "numeric"


def test_values_that_are_merged_are_of_the_column_and_of_one_class() -> None:
    counts = {"a": 5, "b": 3, "c": 2}
    assert merged(counts, {"rest": ("B", "c")}, "y") == ({"a": 5, "rest": 5}, {"rest": ["b", "c"]})
    assert merged(counts, {"a": ("a", "b")}, "y") == ({"a": 8, "c": 2}, {"a": ["b"]})
    with pytest.raises(CasebookError, match="has no value 'd' to merge"):
        merged(counts, {"a": ("d",)}, "y")
    with pytest.raises(CasebookError, match="'b' is to be merged twice"):
        merged(counts, {"a": ("b",), "c": ("b",)}, "y")


def test_the_order_of_classes() -> None:
    cells = pd.Series(["low", "high", "mid"])
    assert in_order(["mid", "Low", "high"], cells) == ["high", "Low", "mid"]
    assert in_order(["10", "9", "2"], cells) == ["2", "9", "10"]
    ordered = cells.astype(pd.CategoricalDtype(["low", "mid", "high"], ordered=True))
    assert in_order(["high", "low", "mid"], ordered) == ["low", "mid", "high"]
