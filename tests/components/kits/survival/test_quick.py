"""What a server computes together is what the members of a cohort's blend answer one by one."""

import numpy as np
import pytest

from components.kits.survival import quick
from components.kits.survival.quick import added, cubic
from components.kits.survival.serving.members import Spline, Trees


def test_a_curve_by_its_powers_is_the_spline_also_beyond_its_ends() -> None:
    knots = np.array([-3.0, -2.0, -1.0, 0.0, 0.5, 2.0, 3.0, 4.0, 5.0])
    spline = Spline(knots, np.array([0.3, -1.0, 2.0, 0.7, -0.2]))
    values = np.array([-4.0, 0.0, 0.25, 0.5, 1.9, 2.0, 7.0])
    assert cubic(spline)(values) == pytest.approx(spline(values), rel=1e-12)


def test_a_column_without_knots_is_a_straight_line_through_zero() -> None:
    line = cubic(Spline(np.zeros(0), np.array([1.5])))
    assert line(np.array([-2.0, 0.0, 0.5, 4.0])).tolist() == [-3.0, 0.0, 0.75, 6.0]


@pytest.mark.parametrize("most", [1_000_000, 0])
def test_leaves_are_added_up_over_the_trees_whether_few_or_many(monkeypatch, most) -> None:
    monkeypatch.setattr(quick, "AT_ONCE", most)
    trees = Trees(  # x0 <= 1 ? (1, 10) : (x1 <= 0 ? (2, 20) : (3, 30)); and a leaf alone
        feature=np.array([0, 0, 1, 0, 0, 0]),
        threshold=np.array([1.0, 0.0, 0.0, 0.0, 0.0, 0.0], dtype=np.float32),
        left=np.array([1, 1, 3, 3, 4, 5]),
        right=np.array([2, 1, 4, 3, 4, 5]),
        roots=np.array([0, 5]),
        values=np.array([[0, 0], [1, 10], [0, 0], [2, 20], [3, 30], [0.1, 5]], dtype=np.float32),
    )
    tenth = float(np.float32(0.1))  # leaves are kept in 32 bits, and added up in 64
    rows = np.array([[1, 9], [2, 0], [2, 1]], dtype=np.float32)
    assert added(trees, rows).tolist() == [[1 + tenth, 15], [2 + tenth, 25], [3 + tenth, 35]]
