import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from components.recipes.next_item.encoding.tokens import Tokenizer, last_windows
from tests.components.recipes.next_item.sequence_toys import HOUR, TOKENS, histories, tokenizer

DATA = {"first_time": 10, "last_time": 20, "rating_edges": [3.0], "columns": {"rating": "stars"}}


def test_every_feature_by_hand() -> None:
    times = [[0, 0, 0, 0, 30, 30 + HOUR, 9 * HOUR], [2 * HOUR, 2 * HOUR + 1]]
    features = tokenizer().features(histories([[0, 1, 2, 3, 4, 5, 6], [7, 8]], times))
    by_name = dict(zip(tokenizer().sizes, features.T.tolist(), strict=True))
    # Edges 1, 60, 3600: no gap is bucket 0, 1 to 59 s 1, 60 to 3599 s 2, an hour and more 3; each plus 1.
    assert by_name["gap"] == [0, 1, 1, 1, 2, 4, 4, 0, 2]
    assert by_name["place"] == [0, 1, 2, 2, 0, 0, 0, 0, 0]  # the fourth of a second counts as the third
    # 3 log2(1 + n / 4) of 0..6: 0, .97, 1.75, 2.4, 3, 3.5, 3.97.
    assert by_name["count"] == [0, 0, 1, 2, 3, 3, 3, 0, 0]
    assert by_name["period"] == [0, 0, 0, 0, 0, 1, 5, 2, 2]  # the ninth hour lies after the last
    assert by_name["rating"] == [1 + item % 5 for item in range(9)]


def test_sizes_bound_the_codes() -> None:
    assert tokenizer().sizes == {"gap": 3 + 2, "place": 3, "count": 5, "period": 6, "rating": 4 + 2}


def test_events_from_before_training_count_as_its_first_period() -> None:
    early = Tokenizer(TOKENS, 10 * HOUR, 12 * HOUR, None)
    assert early.features(histories([[0, 1]], [[HOUR, 11 * HOUR]]))[:, 3].tolist() == [0, 1]


def test_data_without_ratings_has_no_such_feature() -> None:
    assert "rating" not in tokenizer(rated=False).sizes
    assert tokenizer(rated=False).features(histories([[1, 2]])).shape == (2, 4)


def test_the_prepared_data_says_what_bounds_the_calendar() -> None:
    assert Tokenizer.of(TOKENS, DATA) == Tokenizer(TOKENS, 10, 20, (3.0,))
    assert Tokenizer.of(TOKENS, {**DATA, "columns": {"rating": None}}).rating_edges is None


def test_the_last_events_are_left_padded_and_keep_what_the_whole_history_says() -> None:
    shown = last_windows(histories([[3, 4, 5], [], [6]], [[0, 0, 90], [], [7]]), tokenizer(), 2)
    assert shown.item.tolist() == [[4, 5], [-1, -1], [-1, 6]]
    assert shown.valid.tolist() == [[True, True], [False, False], [False, True]]
    assert shown.times.tolist() == [[0, 90], [0, 0], [0, 0]]
    assert shown.features[0, 0].tolist() == [1, 1, 0, 0, 1 + 4]  # second of its second, though the first shown
    assert shown.features[1].tolist() == [[0] * 5] * 2


def test_nobody_and_nothing_can_be_shown() -> None:
    assert last_windows(histories([[]]), tokenizer(), 3).item.tolist() == [[-1, -1, -1]]
    assert last_windows(histories([]), tokenizer(), 3).features.shape == (0, 3, 5)


@given(st.lists(st.lists(st.integers(0, 40_000), max_size=12), min_size=1, max_size=6), st.integers(1, 8))
def test_users_do_not_see_each_other(drawn: list[list[int]], window: int) -> None:
    times = [sorted(row) for row in drawn]
    items = [[place % 7 for place in range(len(row))] for row in times]
    together = last_windows(histories(items, times), tokenizer(), window)
    for user, (mine, row) in enumerate(zip(items, times, strict=True)):
        alone = last_windows(histories([mine], [row]), tokenizer(), window)
        for field in ("item", "features", "times", "valid"):
            assert np.array_equal(getattr(together, field)[user], getattr(alone, field)[0])
        assert together.valid[user].sum() == min(len(row), window)
