import math

import numpy as np
import pytest
from scipy.sparse import csr_array

from components.recipes.next_item.assembly.baselines import Popularity, RecencyEASE, Transitions, strongest
from components.recipes.next_item.encoding.weights import history_weights
from components.recipes.next_item.params.recency import RecencyParams
from tests.components.recipes.next_item.sequence_toys import ITEMS, histories, random_users

EVEN = RecencyParams(events=1e12, seconds=None, floor=0.0, last=None)
PLAIN = {"shrinkage": 1e-12, "prior": 1.0, "popularity_power": 0.0, "recency": EVEN}


def test_popularity_is_the_same_for_everybody() -> None:
    model = Popularity().fit(histories([[0]]), np.array([3, 1]))
    assert model.scores(histories([[0], [1], []])).tolist() == [[3, 1]] * 3


def test_ease_of_two_items_by_hand() -> None:
    # Three users met item 0, two of them item 1 too: G = [[3, 2], [2, 2]], plus 1 on the diagonal.
    # Its inverse is [[3, -2], [-2, 4]] / 8, so that B01 = 2 / 4 and B10 = 2 / 3.
    seen = histories([[0, 1], [1, 0], [0]])
    model = RecencyEASE(ridge=1.0, max_items=2, recency=EVEN).fit(seen, np.array([3, 2]))
    np.testing.assert_allclose(model.weights, [[0, 2 / 4], [2 / 3, 0]])
    np.testing.assert_allclose(model.scores(seen), [[2 / 3, 1 / 2], [2 / 3, 1 / 2], [0, 1 / 2]])


def test_ease_is_ridge_regression_of_each_item_on_the_others() -> None:
    seen = histories(random_users(60, 8))
    counts = np.bincount(seen.item, minlength=ITEMS)
    model = RecencyEASE(ridge=2.0, max_items=ITEMS, recency=EVEN).fit(seen, counts)
    met = np.zeros((60, ITEMS))
    met[seen.user, seen.item] = 1
    for item in range(ITEMS):
        others = np.delete(np.arange(ITEMS), item)
        x = met[:, others]
        expected = np.linalg.solve(x.T @ x + 2.0 * np.eye(len(others)), x.T @ met[:, item])
        np.testing.assert_allclose(model.weights[others, item], expected, atol=1e-10)
    np.testing.assert_allclose(model.scores(seen), met @ model.weights, atol=1e-10)


def test_ease_fades_what_it_is_asked_with_and_not_what_it_learns() -> None:
    seen = histories([[0, 1], [1, 0], [0]])
    fading = RecencyParams(events=10.0, seconds=None, floor=0.0, last=None)
    model = RecencyEASE(ridge=1.0, max_items=2, recency=fading).fit(seen, np.array([3, 2]))
    assert model.scores(seen)[0].tolist() == [pytest.approx(2 / 3), pytest.approx(math.exp(-1 / 10) / 2)]


def test_ease_leaves_rare_items_out() -> None:
    seen = histories([[0, 2], [2, 0, 1], [0, 2]])
    model = RecencyEASE(ridge=1.0, max_items=2, recency=EVEN).fit(seen, np.array([3, 1, 3]))
    pair = RecencyEASE(ridge=1.0, max_items=2, recency=EVEN).fit(histories([[0, 1]] * 3), np.array([3, 3]))
    scores = model.scores(histories([[0, 1]]))
    assert scores[0].tolist() == [0, 0, pytest.approx(pair.weights[0, 1])]
    row, column, value = model.sparse(5)
    assert (row.tolist(), column.tolist()) == ([0, 2], [2, 0])
    assert value.tolist() == [pytest.approx(pair.weights[0, 1]), pytest.approx(pair.weights[1, 0])]


def test_what_followed_by_hand() -> None:
    seen = histories([[0, 1, 2]], [[0, 10, 40]])
    model = Transitions(window=2, seconds=100.0, lag_power=0.5, reverse=0.0, **PLAIN).fit(seen, np.ones(3))
    near, far = math.exp(-10 / 100), math.exp(-40 / 100) / math.sqrt(2)
    expected = [[0, near / (near + far), far / (near + far)], [0, 0, 1], [0, 0, 0]]
    np.testing.assert_allclose(model.matrix.toarray(), expected)
    np.testing.assert_allclose(model.scores(histories([[0], [1], [0, 1]])), [*expected[:2], np.add(*expected[:2])])


def test_the_opposite_order_counts_less_and_popularity_takes_off() -> None:
    options = {"shrinkage": 10.0, "prior": 5.0, "popularity_power": 0.3, "recency": EVEN}
    seen = histories([[0, 1], [0, 1]], [[0, 0], [0, 0]])
    model = Transitions(window=1, seconds=1.0, lag_power=1.0, reverse=0.25, **options).fit(seen, np.array([2, 7]))
    # Twice 0 then 1: an entry of 2 one way and of .25 x 2 the other.
    expected = [[0, 2 / (2 + 10) / (7 + 5) ** 0.3], [0.5 / (0.5 + 10) / (2 + 5) ** 0.3, 0]]
    np.testing.assert_allclose(model.matrix.toarray(), expected)


def test_users_are_not_chained() -> None:
    options = {**PLAIN, "shrinkage": 1.0}
    model = Transitions(window=5, seconds=1e9, lag_power=0.0, reverse=0.0, **options).fit(
        histories([[0], [1], [], [2]]), np.ones(3)
    )
    assert model.matrix.nnz == 0


@pytest.mark.parametrize("kind", ["ease", "transitions"])
def test_the_strongest_entries_answer_as_the_whole(kind: str) -> None:
    seen = histories(random_users(40, 9))
    counts = np.bincount(seen.item, minlength=ITEMS)
    model = (
        RecencyEASE(ridge=3.0, max_items=ITEMS, recency=EVEN)
        if kind == "ease"
        else Transitions(window=3, seconds=1e4, lag_power=0.5, reverse=0.3, **{**PLAIN, "shrinkage": 10.0})
    ).fit(seen, counts)
    row, column, value = model.sparse(ITEMS)
    served = history_weights(seen, EVEN, ITEMS) @ csr_array((value, (row, column)), shape=(ITEMS, ITEMS))
    np.testing.assert_allclose(served.toarray(), model.scores(seen), rtol=1e-5, atol=1e-6)
    row, _, value = model.sparse(4)
    assert max(np.bincount(row)) == 4
    dense = model.weights if kind == "ease" else model.matrix.toarray()
    for item in range(ITEMS):
        sizes = np.sort(np.abs(dense[item]))[::-1][:4]
        np.testing.assert_allclose(np.sort(np.abs(value[row == item]))[::-1], sizes[sizes > 0], rtol=1e-6)


def test_the_strongest_of_each_row_by_size() -> None:
    matrix = csr_array(np.array([[0.1, -3.0, 2.0], [0.0, 0.0, 1.0], [4.0, 4.0, 4.0]]))
    row, column, value = strongest(matrix, 2)
    assert row.tolist() == [0, 0, 1, 2, 2]
    assert column.tolist() == [1, 2, 2, 0, 1]  # of equal ones the first; zeros are no entries
    assert value.tolist() == [-3, 2, 1, 4, 4]
    assert (row.dtype, column.dtype, value.dtype) == (np.int32, np.int32, np.float32)
