from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.kits.tables.outcome.classes import SeveralClasses, class_strata, read_classes
from tests.components.kits.tables.outcome.blocks import BY_GROUP, classes
from tests.components.kits.tables.tables import told

FILE = Path("rows.csv")


def test_labels_are_compared_without_case_and_blanks_and_merged() -> None:
    spec = classes("low", "other", "high", target={"merge": {"other": ["gam"]}, "ignore": ["lost"]})
    cells = pd.DataFrame({"y": ["Low ", "GAM", "other", "high", "NA", "Lost", None]})
    codes = read_classes(cells, spec, FILE)
    assert codes.to_list()[:4] == [0, 1, 1, 2]
    assert codes[4:].isna().all()
    assert SeveralClasses(spec).left_out(cells) == 1


def test_one_of_the_missing_texts_may_name_a_class() -> None:
    codes = read_classes(pd.DataFrame({"y": ["-", "a", "?", "b"]}), classes("a", "b", "-"), FILE)
    assert codes.to_list() == [2, 0, pd.NA, 1]


def test_another_value_is_refused_with_what_to_do() -> None:
    frame = pd.DataFrame({"y": ["a", "b", "c", "d", "d"]})
    message = told(read_classes, frame, classes("a", "b", "c"), FILE)
    assert "2 value(s) that are none of its 3 classes: 'd' (2), the first in row 4" in message
    assert "prepare.target.merge" in message
    assert "prepare.target.ignore" in message


def test_rare_classes_are_asked_about() -> None:
    answers = np.repeat([0, 1, 2], [50, 50, 9]).astype(np.int8)
    outcome = SeveralClasses(classes("a", "b", "c"))
    message = told(outcome.check, answers, "rows.csv")
    assert "1 class(es) have fewer than 10 rows: 'c' (9)" in message
    assert "prepare.min_class_rows: 9 to learn them from so few" in message
    assert not told(SeveralClasses(classes("a", "b", "c", min_class_rows=9)).check, answers, "rows.csv")
    two = np.repeat([0, 1, 2], [50, 50, 2]).astype(np.int8)
    assert "prepare.min_class_rows" not in told(outcome.check, two, "rows.csv"), "two rows cannot be in three splits"
    assert "is 'c' in no row" in told(outcome.check, two[:100], "rows.csv")


def test_each_split_has_its_share_of_each_class() -> None:
    answers = np.repeat([0, 1, 2], [100, 50, 10]).astype(np.int8)
    splits = SeveralClasses(classes("a", "b", "c")).split(pd.Series(answers), answers)
    counts = {name: np.bincount(answers[rows]).tolist() for name, rows in splits.items()}
    assert counts == {"train": [60, 30, 6], "validation": [20, 10, 2], "test": [20, 10, 2]}
    assert sorted(np.concatenate([*splits.values()])) == list(range(160))


def test_whole_groups_are_dealt_and_a_split_without_a_class_is_refused() -> None:
    answers = np.tile(np.repeat([0, 1, 2], [6, 3, 1]), 40).astype(np.int8)
    who = pd.Series(np.repeat(np.arange(40), 10))
    outcome = SeveralClasses(classes("a", "b", "c", split=BY_GROUP))
    splits = outcome.split(who, answers)
    assert {len(rows) for rows in splits.values()} == {240, 80}
    assert all(len(np.unique(who[rows])) * 10 == len(rows) for rows in splits.values())
    of_one = np.where(who == 3, 2, np.tile([0, 1], 200)).astype(np.int8)  # one person has all rows of the class
    with pytest.raises(
        CasebookError, match=r"without 'c' among 240 rows; every class is needed .*prepare\.target\.merge"
    ):
        outcome.split(who, of_one)


def test_classes_of_next_to_no_rows_are_one_stratum() -> None:
    answers = np.repeat([0, 1, 2, 3], [30, 25, 4, 3])
    assert np.bincount(class_strata(answers)).tolist() == [30, 25, 0, 0, 7]
