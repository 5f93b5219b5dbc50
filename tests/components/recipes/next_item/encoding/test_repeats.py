"""Double clicks in memory, and the user's own most frequent items."""

import numpy as np
import pytest

from components.recipes.next_item.encoding.repeats import first_clicks, personal_popularity, recommends_seen
from tests.components.recipes.next_item.sequence_toys import histories

S = 1_000_000


@pytest.mark.parametrize(
    ("within", "kept"),
    [
        (0, [True, False, True, True, True, True]),
        (3, [True, False, False, True, True, True]),
        (4, [True, False, False, False, True, True]),
    ],
)
def test_a_chain_of_clicks_is_its_first_one(within: int, kept: list[bool]) -> None:
    user = np.array([0, 0, 0, 0, 0, 1])
    item = np.array([5, 5, 5, 5, 6, 5])
    moment = np.array([10 * S, 10 * S + 999_999, 13 * S, 17 * S, 13 * S, 13 * S])
    assert first_clicks(user, item, moment, within).tolist() == kept


def test_the_order_of_rows_does_not_matter_but_for_those_of_one_moment() -> None:
    user, item, moment = np.zeros(3, int), np.zeros(3, int), np.array([20 * S, 10 * S, 20 * S])
    assert first_clicks(user, item, moment, 5).tolist() == [True, True, False]


def test_a_users_own_items_stand_before_those_of_all() -> None:
    scores = personal_popularity(histories([[2, 0, 2], [1], []]), np.array([0.5, 0.1, 0.1, 0.3]))
    orders = [np.argsort(-row, kind="stable").tolist() for row in scores]
    assert orders == [[2, 0, 3, 1], [1, 0, 3, 2], [0, 3, 1, 2]]


def test_only_who_says_so_recommends_what_was_seen() -> None:
    told = [recommends_seen({"spec": spec}) for spec in ({}, {"repeats": "exclude"}, {"repeats": "recommend"})]
    assert told == [False, False, True]
