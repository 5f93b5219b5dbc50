"""Places of sorted events, beside an obvious implementation."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from components.recipes.next_item.preparation.split import by_time, leave_one_out


def test_the_last_is_the_test_and_the_one_before_the_validation() -> None:
    users, ends = np.array([0, 0, 0, 0, 1, 1, 1]), np.array([4, 7])
    assert leave_one_out(np.arange(7), users, ends).tolist() == [0, 0, 1, 2, 0, 1, 2]


def test_a_piece_of_the_events_is_placed_as_in_the_whole() -> None:
    users, ends = np.array([0, 0, 0, 0, 1, 1, 1]), np.array([4, 7])
    assert leave_one_out(np.arange(3, 6), users[3:6], ends).tolist() == [2, 0, 1]


def test_each_part_begins_at_its_cut() -> None:
    assert by_time(np.array([9, 10, 19, 20, 21, -5]), (10, 20)).tolist() == [0, 1, 1, 2, 2, 0]


@given(counts=st.lists(st.integers(3, 9), min_size=1, max_size=8))
def test_as_pandas_counts_from_the_end(counts: list[int]) -> None:
    users = np.repeat(np.arange(len(counts)), counts)
    left = pd.Series(users).groupby(users).cumcount(ascending=False)
    expected = left.map(lambda count: {0: 2, 1: 1}.get(count, 0)).tolist()
    assert leave_one_out(np.arange(len(users)), users, np.cumsum(counts)).tolist() == expected
