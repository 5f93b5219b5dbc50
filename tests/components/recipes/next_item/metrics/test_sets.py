import numpy as np
import pytest

from components.core.errors import CasebookError
from components.recipes.next_item.metrics.sets import Sets, checked_lists


def test_pairs_are_distinct_and_in_order():
    found = Sets(np.array([3, 1, 3, 0], dtype=np.int32), np.array([0, 3, 3, 4]))
    assert len(found) == 3
    assert found.user.tolist() == [0, 0, 0, 2]
    user, item = found.distinct(4)
    assert list(zip(user.tolist(), item.tolist(), strict=True)) == [(0, 1), (0, 3), (2, 0)]


def test_pairs_of_a_large_catalogue_do_not_overflow_its_integers():
    items = 2_000_000
    found = Sets(np.full(3000, items - 1, dtype=np.int32), np.arange(3001))
    user, item = found.distinct(items)
    assert user.tolist() == list(range(3000))
    assert set(item.tolist()) == {items - 1}


@pytest.mark.parametrize("start", [[], [1, 2], [0, 1], [0, 2, 1, 2]])
def test_starts_that_do_not_cut_the_items_are_refused(start):
    with pytest.raises(CasebookError, match="must rise from 0 to the number of items, 2"):
        Sets(np.array([0, 1]), np.array(start))


def test_negative_indices_are_refused():
    with pytest.raises(CasebookError, match="1 indices are negative"):
        Sets(np.array([0, -1]), np.array([0, 2]))


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        (np.array([[0, 5]]), "1 indices such as 5 in a catalogue of 5"),
        (np.array([[0, -2]]), "such as -2"),
        (np.array([[0, 1], [2, 2]]), "1 hold an item twice, the first is row 1"),
        (np.array([0, 1]), r"\(2,\); give indices"),
        (np.array([[0.0, 1.0]]), "float64"),
        (np.zeros((0, 3), dtype=int), r"\(0, 3\)"),
    ],
)
def test_lists_that_are_none_are_refused(lists, message):
    with pytest.raises(CasebookError, match=message):
        checked_lists(lists, 5)


def test_short_lists_are_filled_up():
    assert checked_lists(np.array([[3, -1, -1]], dtype=np.int32), 5).tolist() == [[3, -1, -1]]
