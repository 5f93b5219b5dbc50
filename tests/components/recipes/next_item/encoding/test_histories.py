"""Flat histories, beside a loop over users."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.core.job import TEST, TRAIN, VALIDATION
from components.recipes.next_item.encoding.histories import (
    Histories,
    make_histories,
    questions,
    rating_codes,
    read_histories,
)
from tests.components.recipes.next_item.preparation.events import BY_TIME, block, events, prepare

ROWS = [
    ("b", 5, 20, 1),
    ("a", 1, 30, 4),
    ("a", 2, 10, 2),
    ("b", 6, 20, 1),
    ("a", 3, 30, 9),
    ("b", 4, 20, 2),
    ("a", 4, 10),
]


def made(lengths: list[int]) -> Histories:
    count = sum(lengths)
    start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    rows = np.arange(count)
    return Histories(rows.astype(np.int32), rows.astype(np.int64) * 10, (rows % 5).astype(np.int8), start)


def as_lists(histories: Histories) -> list[list[int]]:
    return [part.tolist() for part in np.split(histories.item, histories.start[1:-1])]


def test_splits_are_joined_in_the_order_of_time(tmp_path: Path) -> None:
    prepare(tmp_path, events(ROWS), block())
    folder = tmp_path / "prepared"
    train = read_histories(folder, [TRAIN])
    assert as_lists(train) == [[1, 3], [4]]  # items "2" and "4" of a, "5" of b
    assert train.time.tolist() == [10, 10, 20]
    assert train.rating.tolist() == [2, 3, 1]  # ratings 2, 3 and 1 in training: a code each
    both = read_histories(folder, [VALIDATION, TRAIN])
    assert as_lists(both) == [[1, 3, 0], [4, 5]]
    assert as_lists(read_histories(folder, [TEST])) == [[2], [3]]
    for split, items in ((VALIDATION, [0, 5]), (TEST, [2, 3])):
        users, targets = questions(folder, split)
        assert (users.tolist(), targets.tolist()) == ([0, 1], items)


def test_of_a_window_only_the_first_event_of_a_user_is_asked(tmp_path: Path) -> None:
    rows = [("a", item, item) for item in range(1, 7)] + [("b", 1, 7), ("b", 2, 8), ("b", 3, 9), ("b", 5, 10)]
    prepare(tmp_path, events(rows), block(split=BY_TIME))
    users, targets = questions(tmp_path / "prepared", TEST)
    assert (users.tolist(), targets.tolist()) == ([1], [2])
    assert as_lists(read_histories(tmp_path / "prepared", [TRAIN, VALIDATION])) == [[0, 1, 2, 3, 4, 5], [0, 1]]
    assert read_histories(tmp_path / "prepared", [TRAIN]).lengths.tolist() == [6, 0]


@given(lengths=st.lists(st.integers(0, 6), min_size=1, max_size=8), count=st.integers(0, 7), seed=st.integers(0, 99))
def test_cuts_are_those_of_a_loop(lengths: list[int], count: int, seed: int) -> None:
    histories = made(lengths)
    whole = as_lists(histories)
    last = histories.last(count)
    assert as_lists(last) == [items[len(items) - min(count, len(items)) :] for items in whole]
    assert (last.time == last.item * 10).all()
    assert (last.rating == last.item % 5).all()
    users = np.random.default_rng(seed).integers(0, len(lengths), 5)
    assert as_lists(histories.of(users)) == [whole[user] for user in users]
    assert histories.user.tolist() == [user for user, length in enumerate(lengths) for _ in range(length)]


@given(users=st.lists(st.integers(0, 4), max_size=20))
def test_mixed_users_are_gathered_in_their_order(users: list[int]) -> None:
    items = np.arange(len(users))
    histories = make_histories(np.array(users, dtype=np.int64), items, items, items % 3, users=5)
    assert as_lists(histories) == [[item for item, each in enumerate(users) if each == user] for user in range(5)]


@pytest.mark.parametrize(("edges", "codes"), [([2.0, 3.0], [1, 1, 2, 2, 3, 0]), ([], [1, 1, 1, 1, 1, 0])])
def test_rating_codes(edges: list[float], codes: list[int]) -> None:
    ratings = np.array([1, 1.9, 2, 2.5, 3, np.nan], dtype=np.float32)
    assert rating_codes(ratings, edges).tolist() == codes
