from pathlib import Path

import numpy as np
import pandas as pd

from components.kits.tables.outcome.number import Number, number_strata, read_number
from tests.components.kits.tables.outcome.blocks import BY_GROUP, number
from tests.components.kits.tables.tables import told

FILE = Path("rows.csv")
AMOUNT = {"kind": "amount", "thousands": ",", "decimal": ".", "unit": "$"}


def test_amounts_are_read_and_rows_of_no_outcome_are_missing() -> None:
    spec = number(target={**AMOUNT, "ignore": ["Withdrawn"]})
    frame = pd.DataFrame({"y": ["$1,200.50", "withdrawn", "NA", "$7"]})
    assert read_number(frame, spec, FILE).fillna(-1).to_list() == [1200.5, -1, -1, 7]
    assert Number(spec).left_out(frame) == 1


def test_a_cell_that_is_no_number_is_refused_with_what_to_do() -> None:
    message = told(read_number, pd.DataFrame({"y": ["3", "lost", "4"]}), number(), FILE)
    assert "column y (the target): 1 value(s) are not a number, such as 'lost' in row 2" in message
    assert "prepare.target.ignore" in message


def test_tenths_by_value_and_equal_values_are_in_one() -> None:
    assert number_strata(np.arange(20.0)).tolist() == [place // 2 for place in range(20)]
    assert len(np.unique(number_strata(np.repeat([0.0, 5.0], [90, 10])))) == 2
    assert set(number_strata(np.zeros(7))) == {5}  # the middle


def test_each_split_has_its_share_of_small_and_of_large_values() -> None:
    answers = np.random.default_rng(0).permutation(np.arange(100.0))
    splits = Number(number()).split(pd.Series(answers), answers)
    for rows in splits.values():
        assert np.bincount(number_strata(answers)[rows]).tolist() == [len(rows) // 10] * 10
    assert {name: len(rows) for name, rows in splits.items()} == {"train": 60, "validation": 20, "test": 20}


def test_few_rows_and_few_values_are_no_number() -> None:
    outcome = Number(number())
    assert "has 29 row(s) with a value; 30 are needed" in told(outcome.check, np.arange(29.0), "rows.csv")
    assert "has 2 different value(s), 1, 2: it is no number" in told(outcome.check, np.tile([1.0, 2.0], 20), "rows.csv")
    assert not told(outcome.check, np.arange(30.0), "rows.csv")


def test_splits_by_group_that_differ_are_asked_about_and_groups_excuse_chance() -> None:
    who, random = np.repeat(np.arange(30), 20), np.random.default_rng(1)
    answers = np.repeat(random.normal(0, 1, 30), 20) + random.normal(0, 0.1, 600)  # rows of one person are alike
    by_rank = np.argsort(answers, kind="stable")
    splits = {"train": by_rank[:400], "validation": by_rank[400:500], "test": by_rank[500:]}
    outcome = Number(number(split=BY_GROUP))
    message = told(outcome.check_shares, splits, answers, None)
    assert "the splits have different outcomes: train 400 rows (mean" in message
    assert "prepare.split.uneven: true" in message
    assert outcome.chance(splits, answers, None) < 1e-6 < outcome.chance(splits, answers, who)
    assert not told(Number(number(split={**BY_GROUP, "uneven": True})).check_shares, splits, answers, None)
