"""Preparing a table of several classes, and one of a number; of two values see the recipe binary."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.core.job import Job, Meta
from components.kits.tables.noted import read_told, tables_told
from components.kits.tables.outcome.classes import SeveralClasses
from components.kits.tables.outcome.number import Number
from components.kits.tables.outcome.outcome import Outcome
from components.kits.tables.outcome.shares import class_shares_table, number_shares_table
from components.recipes.shared.preparing import prepare_table
from tests.components.kits.tables.outcome.blocks import BY_GROUP, classes, number
from tests.components.kits.tables.tables import write_raw
from tests.toy.jobs import BesidePaths

RANDOM = np.random.default_rng(0)
ROWS = 200
FRAME = pd.DataFrame({"x": RANDOM.normal(size=ROWS).round(3), "z": RANDOM.normal(size=ROWS).round(3)})


def prepare(folder: Path, frame: pd.DataFrame, outcome: Outcome, *, smoke: bool = False) -> Meta:
    write_raw(folder / "raw", frame)
    job: Any = SimpleNamespace(case="toy", prepare=outcome.spec, paths=BesidePaths(folder), smoke=smoke)
    asked: Job[Any, Any, Any] = job
    return prepare_table(asked, outcome)


def together(folder: Path) -> pd.DataFrame:
    files = [folder / "prepared" / f"{name}.parquet" for name in ("train", "val", "test")]
    return pd.concat([pd.read_parquet(file) for file in files]).sort_values("row")


def test_classes_are_prepared_by_their_places(tmp_path: Path) -> None:
    names = np.array(["low", "mid", "high"])[np.arange(ROWS) % 3]
    table = FRAME.assign(y=names)
    table.loc[3, "y"], table.loc[5, "y"] = "lost", None
    spec = classes("low", "mid", "high", target={"ignore": ["lost"]})
    meta = prepare(tmp_path, table, SeveralClasses(spec))
    rows = together(tmp_path)
    assert rows["target"].dtype == np.int8
    assert rows["row"].tolist() == [row + 1 for row in range(ROWS) if row not in (3, 5)]
    assert rows["target"].tolist() == [row % 3 for row in range(ROWS) if row not in (3, 5)]
    assert meta.rows["rejected"] == 2
    assert meta.data["spec"]["target"]["values"] == ["low", "mid", "high"]
    told = read_told(tmp_path / "prepared")
    assert sum(told["splits"]["train"]["classes"].values()) == meta.rows["train"]
    assert "1 row(s) of no outcome" in told["notes"][0]
    assert tables_told(tmp_path / "prepared", class_shares_table)[0].rows[0][0] == "all"


def test_numbers_beyond_their_bounds_are_set_aside_with_the_rule(tmp_path: Path) -> None:
    values = (100 + 30 * FRAME["x"]).round(1)
    table = FRAME.drop(columns="x").assign(y=values)
    table.loc[7, "y"] = -5
    spec = number(columns={"z": {"kind": "numeric", "min": None, "max": None}}, target={"min": 0})
    meta = prepare(tmp_path, table, Number(spec))
    rows = together(tmp_path)
    assert rows["target"].dtype == np.float64
    assert rows["target"].tolist() == values.drop(7).tolist()
    assert [*rows.columns] == ["row", "z", "target"]
    assert meta.rejected == {"y: below min": 1} or "y" in next(iter(meta.rejected))
    assert tables_told(tmp_path / "prepared", number_shares_table)[0].rows[0][1] == meta.rows["train"]


def test_german_numbers_of_a_target_are_read_as_the_file_writes_them(tmp_path: Path) -> None:
    table = (10 * FRAME).round().assign(y=[f"{1000 + row * 7 % 191},5" for row in range(ROWS)])
    target = {"kind": "amount", "thousands": "", "decimal": ",", "unit": ""}
    prepare(tmp_path, table, Number(number(target=target)))
    assert together(tmp_path)["target"].tolist()[:2] == [1000.5, 1007.5]


def test_groups_stay_together_and_smoke_takes_few_rows_of_each_class(tmp_path: Path) -> None:
    big = pd.DataFrame({"x": RANDOM.normal(size=6000), "z": RANDOM.normal(size=6000)}).round(3)
    big["who"], big["y"] = np.repeat(np.arange(600), 10), np.tile(np.repeat(["a", "b", "c"], [6, 3, 1]), 600)
    meta = prepare(tmp_path, big, SeveralClasses(classes("a", "b", "c", split=BY_GROUP)), smoke=True)
    assert meta.rows["train"] == 1000
    train = pd.read_parquet(tmp_path / "prepared" / "train.parquet")
    assert train["target"].value_counts().min() > 300  # a third of each
    assert (tmp_path / "prepared" / "groups.parquet").is_file()


def test_the_answer_among_the_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CasebookError, match=r"column x alone explains 1\.0000"):
        prepare(tmp_path, FRAME.assign(y=2 * FRAME["x"] + 7), Number(number()))
