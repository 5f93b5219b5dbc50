import numpy as np

from components.kits.tables.learning.cut import cut_classes, cut_numbers


def test_folds_hold_each_row_once_and_are_no_more_than_rows_of_a_class() -> None:
    target = np.array([1, 1, 1] + [0] * 20)
    parts = cut_classes(target, None, 5, 0)
    assert [int(target[rest].sum()) for _, rest in parts] == [1, 1, 1]
    assert cut_classes(np.array([1] + [0] * 20), None, 5, 0) == []


def test_groups_are_on_one_side() -> None:
    groups = np.repeat(np.arange(12), 3)
    target = np.tile([0, 1, 0], 12)
    parts = cut_classes(target, groups, 4, 0)
    assert len(parts) == 4
    assert all(not set(groups[fitting]) & set(groups[rest]) for fitting, rest in parts)
    # All rows of one class are one group: no fold can fit without it.
    assert cut_classes(np.array([1, 1, 1, 0, 0, 0]), np.array([0, 0, 0, 1, 2, 3]), 5, 0) == []


def test_a_class_that_a_fold_would_lack_leaves_no_folds() -> None:
    target = np.array([0] * 6 + [1] * 6 + [2] * 3)
    parts = cut_classes(target, None, 5, 0)
    assert [sorted(np.unique(target[fitting])) for fitting, _ in parts] == [[0, 1, 2]] * 3
    assert cut_classes(target, np.array([0] * 3 + [1] * 3 + [2] * 3 + [3] * 3 + [4] * 3), 3, 0) == []


def test_folds_of_numbers_have_small_and_large_ones_alike() -> None:
    target = np.random.default_rng(0).permutation(100.0 ** np.linspace(0, 2, 100))
    parts = cut_numbers(target, None, 5, 0)
    assert sorted(np.concatenate([rest for _, rest in parts])) == list(range(100))
    for _, rest in parts:  # two of each tenth
        assert np.bincount(np.argsort(np.argsort(target))[rest] // 10).tolist() == [2] * 10


def test_there_are_no_more_folds_of_numbers_than_rows_or_groups() -> None:
    assert len(cut_numbers(np.arange(3.0), None, 5, 0)) == 3
    groups = np.array([0, 0, 1, 1, 2, 2])
    parts = cut_numbers(np.arange(6.0), groups, 5, 0)
    assert len(parts) == 3
    assert all(not set(groups[fitting]) & set(groups[rest]) for fitting, rest in parts)
    assert cut_numbers(np.arange(6.0), np.zeros(6), 5, 0) == []
