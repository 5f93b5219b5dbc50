import numpy as np
import pandas as pd
import pytest

from components.recipes.regression.report.figures import by_tenths, dots, skewed
from components.recipes.regression.report.intervals import coverage_table, covered_by, decided_table

TARGET = np.arange(40.0)
ANSWER = np.column_stack([TARGET, TARGET - 1, TARGET + np.linspace(1, 9, 40)])
ANSWER[0] = [5, 4, 6]  # the true value is below
ANSWER[39] = [20, 19, 30]  # and above


def test_shares_within_below_and_above() -> None:
    groups = {"half": pd.Categorical(["low"] * 30 + ["high"] * 10), "rare": pd.Categorical(["a"] * 39 + ["b"])}
    found = covered_by(TARGET, ANSWER, groups, minimum=10, confidence=0.95)
    assert list(found) == ["all rows", "width of the interval", "half", "rare"]
    (whole,) = found["all rows"]
    assert (whole.rows, whole.share.value, whole.below, whole.above) == (40, 38 / 40, 1, 1)
    widths = found["width of the interval"]
    assert [one.name for one in widths] == ["narrowest", "2 of 4", "3 of 4", "widest"]
    assert [one.rows for one in widths] == [10] * 4
    assert widths[0].width < widths[-1].width
    assert [(one.name, one.below, one.above) for one in found["half"]] == [("high", 0, 1), ("low", 1, 0)]
    assert [one.name for one in found["rare"]] == ["a"]
    table = coverage_table(found, stated=0.9, minimum=10)
    assert table.rows[0][:3] == ["all rows", "all rows", 40]
    assert len(table.rows) == 1 + 4 + 2 + 1
    decided = decided_table(found, stated=0.9)
    assert [row[1:3] for row in decided.rows] == [[38, 38 / 40], [1, 1 / 40], [1, 1 / 40]]
    assert [row[3] for row in decided.rows] == pytest.approx([0.9, 0.05, 0.05])


def test_means_of_parts_by_what_was_told() -> None:
    told, true = by_tenths(2 * TARGET[:16], np.column_stack([TARGET[:16]] * 3))
    assert (told.tolist(), true.tolist()) == ([3.5, 11.5], [7, 23])


def test_axes_and_dots() -> None:
    assert skewed(np.array([1.0, 1, 1, 100]))
    assert not skewed(np.array([0.0, 1, 1, 100]))
    assert not skewed(np.array([90.0, 100]))
    assert len(dots(10)) == 10
    assert len(np.unique(dots(10_000))) == len(dots(10_000)) == 3_000
