from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.core.errors import CasebookError
from components.core.job import TEST, TRAIN, VALIDATION
from components.kits.tables import split as split_module
from components.kits.tables.split import split_rows
from tests.components.kits.tables.tables import NUMERIC, spec


def params(**split: Any) -> Any:
    return spec({"x": NUMERIC}, split={"validation": 0.16, "test": 0.2} | split)


STRATIFIED = params(by="stratified", seed=11)
GROUP = params(by="group", column="g", seed=11)
TIME = params(by="time", column="t")
TARGET = np.array([1] * 25 + [0] * 75)


def split(by: list[Any], target: np.ndarray, by_params: Any) -> dict[str, np.ndarray]:
    return split_rows(pd.Series(by), target, by_params)


def test_each_split_has_its_share_of_each_class() -> None:
    rows = split([0] * 100, TARGET, STRATIFIED)
    assert {name: (len(index), TARGET[index].sum()) for name, index in rows.items()} == {
        TEST: (5 + 15, round(0.2 * 25)),
        VALIDATION: (4 + 12, round(0.16 * 25)),
        TRAIN: (16 + 48, 25 - 5 - 4),
    }


def test_the_seed_decides() -> None:
    first, again = (split([0] * 100, TARGET, STRATIFIED) for _ in range(2))
    other = split([0] * 100, TARGET, params(by="stratified", seed=12))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first[TEST], other[TEST])


def test_three_rows_of_a_class_reach_every_split() -> None:
    target = np.array([1, 0, 0, 1, 0, 0, 0, 0, 1, 0])
    assert {name: target[index].sum() for name, index in split([0] * 10, target, STRATIFIED).items()} == {
        TRAIN: 1,
        VALIDATION: 1,
        TEST: 1,
    }


def test_two_rows_of_a_class_are_too_few() -> None:
    target = np.array([1, 1] + [0] * 50)
    with pytest.raises(
        CasebookError, match=r"split 'stratified' leaves validation with 0 'yes' and 8 'no' of 8 rows; both are needed"
    ):
        split([0] * 52, target, STRATIFIED)


def test_the_oldest_rows_train_and_the_newest_test() -> None:
    target = np.arange(100) % 2
    order = np.random.default_rng(0).permutation(100)  # the file is in no order
    rows = split(order.tolist(), target, TIME)
    assert sorted(order[rows[TRAIN]]) == list(range(64))
    assert sorted(order[rows[VALIDATION]]) == list(range(64, 80))
    assert sorted(order[rows[TEST]]) == list(range(80, 100))


def test_rows_of_one_moment_stay_together() -> None:
    years = [2000] * 60 + [2001] * 10 + [2002] * 12 + [2003] * 18  # bounds at 64 and 80; 2002's middle is at 76
    rows = split(years, np.arange(100) % 2, TIME)
    assert {name: sorted({years[row] for row in index}) for name, index in rows.items()} == {
        TRAIN: [2000],
        VALIDATION: [2001, 2002],
        TEST: [2003],
    }


@pytest.mark.parametrize("text", [["2020-01-31", "2020-02-01T10:00", "2019-12-31"], ["10", "9.5", "1e3"]])
def test_times_may_be_text(text: list[str]) -> None:
    halves = params(by="time", column="t", validation=0.3, test=0.3)
    by = [text[row % 3] for row in range(30)]
    rows = split(by, (np.arange(30) // 3) % 2, halves)
    ordered = sorted(text, key=lambda cell: float(cell) if "-" not in cell else pd.Timestamp(cell).timestamp())
    assert [sorted({by[row] for row in rows[name]}) for name in (TRAIN, VALIDATION, TEST)] == [
        [cell] for cell in ordered
    ]


def test_times_that_are_none_are_counted() -> None:
    with pytest.raises(
        CasebookError, match=r"split\.column t: 2 value\(s\) are neither numbers nor ISO dates, such as 'x'"
    ):
        split(["2020", "x", "y"], np.array([0, 1, 0]), TIME)


@given(st.lists(st.integers(0, 30), min_size=60, max_size=200), st.integers(0, 3))
def test_no_group_is_in_two_splits(groups: list[int], seed: int) -> None:
    target = np.arange(len(groups)) % 2
    try:
        rows = split(groups, target, params(by="group", column="g", seed=seed))
    except CasebookError:
        return
    seen = [{groups[row] for row in index} for index in rows.values()]
    assert not seen[0] & seen[1]
    assert not seen[0] & seen[2]
    assert not seen[1] & seen[2]
    assert sorted(np.concatenate(list(rows.values()))) == list(range(len(groups)))


@pytest.mark.parametrize(("count", "near"), [(40, 0.06), (300, 0.01), (700, 0.01)])
def test_groups_fill_their_shares_of_rows_and_of_each_class(
    count: int, near: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(split_module, "MOST_GROUPS", 500)  # of more some stay together by chance
    random = np.random.default_rng(6)
    groups = np.repeat(np.arange(count), 4)
    target = (random.random(len(groups)) < np.repeat(random.choice([0.1, 0.6], count), 4)).astype(np.int8)
    rows = split(groups.tolist(), target, GROUP)
    for name, share in {TEST: 0.2, VALIDATION: 0.16, TRAIN: 0.64}.items():
        assert len(rows[name]) / len(groups) == pytest.approx(share, abs=near)
        assert target[rows[name]].mean() == pytest.approx(target.mean(), abs=near)


def test_other_shares_are_made_of_folds_too() -> None:
    groups = np.repeat(np.arange(400), 3)
    rows = split(
        groups.tolist(), np.arange(1200) % 2, params(by="group", column="g", seed=1, validation=0.15, test=0.3)
    )
    assert len(rows[TEST]) / 1200 == pytest.approx(0.3, abs=0.01)
    assert len(rows[VALIDATION]) / 1200 == pytest.approx(0.15, abs=0.01)


def test_one_group_cannot_be_split() -> None:
    with pytest.raises(CasebookError, match=r"split 'group' leaves .* 0 'yes' and 0 'no' of 0 rows"):
        split(["a"] * 100, TARGET, GROUP)


@given(st.integers(3, 50), st.integers(3, 200), st.integers(0, 5))
def test_every_row_is_in_one_split(positives: int, negatives: int, seed: int) -> None:
    target = np.random.default_rng(seed).permutation([1] * positives + [0] * negatives)
    rows = split([0] * len(target), target, params(by="stratified", seed=seed))
    assert sorted(np.concatenate(list(rows.values()))) == list(range(len(target)))
    assert abs(len(rows[TEST]) - 0.2 * len(target)) <= 2
