import numpy as np

from components.recipes.binary.assembly.crossfit import cut


def test_folds_hold_each_row_once_and_are_no_more_than_rows_of_a_class() -> None:
    target = np.array([1, 1, 1] + [0] * 20)
    parts = cut(target, None, 5, 0)
    assert [int(target[rest].sum()) for _, rest in parts] == [1, 1, 1]
    assert cut(np.array([1] + [0] * 20), None, 5, 0) == []


def test_groups_are_on_one_side() -> None:
    groups = np.repeat(np.arange(12), 3)
    target = np.tile([0, 1, 0], 12)
    parts = cut(target, groups, 4, 0)
    assert len(parts) == 4
    assert all(not set(groups[fitting]) & set(groups[rest]) for fitting, rest in parts)
    # All rows of one class are one group: no fold can fit without it.
    assert cut(np.array([1, 1, 1, 0, 0, 0]), np.array([0, 0, 0, 1, 2, 3]), 5, 0) == []
