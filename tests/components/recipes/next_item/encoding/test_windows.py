import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from components.recipes.next_item.encoding.windows import cut_windows, find_ties
from tests.components.recipes.next_item.sequence_toys import histories


@given(st.lists(st.integers(0, 30), min_size=1, max_size=12), st.integers(2, 9), st.integers(0, 99))
def test_windows_cover_each_history_without_overlap(lengths: list[int], window: int, seed: int) -> None:
    start = np.concatenate([[0], np.cumsum(lengths)])
    users, begin, end = cut_windows(start, window, np.random.default_rng(seed))
    assert (end - begin <= window).all()
    for user, length in enumerate(lengths):
        covered = [event for one, a, b in zip(users, begin, end, strict=True) if one == user for event in range(a, b)]
        asked = list(range(start[user], start[user] + max(0, length - 1)))
        assert sorted(covered) == covered
        assert set(covered) <= set(asked)
        assert len(asked) - len(covered) <= (2 if len(asked) > window else 0)


def test_users_of_one_event_are_in_no_window() -> None:
    users, begin, end = cut_windows(np.array([0, 1, 1, 3]), 5, np.random.default_rng(0))
    assert (users.tolist(), begin.tolist(), end.tolist()) == ([2], [1], [2])


def test_events_of_one_second_are_ties_and_those_of_two_users_are_not() -> None:
    seen = histories([[0, 1, 2, 3], [4, 5, 6], []], [[5, 5, 7, 9], [9, 11, 11], []])
    events, second = find_ties(seen)
    assert events.tolist() == [0, 1, 5, 6]
    assert len(set(second.tolist())) == 2
    assert second[0] == second[1]
    assert find_ties(histories([[0]]))[0].tolist() == []
    assert find_ties(histories([]))[0].tolist() == []
