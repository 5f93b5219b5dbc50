import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from components.recipes.next_item.serving import topk
from components.recipes.next_item.serving.topk import NO_ITEM, top_k, user_blocks

TIED = st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 2.0])


@given(arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=TIED), st.integers(1, 15))
def test_the_best_are_those_of_a_full_sort_and_ties_stand_in_the_order_of_their_columns(
    scores: np.ndarray, k: int
) -> None:
    columns, values = top_k(scores, k)
    assert columns.shape == values.shape == (len(scores), k)
    for row, found, value in zip(scores, columns, values, strict=True):
        expected = [column for column in sorted(range(len(row)), key=lambda c: (-row[c], c)) if row[column] > -np.inf]
        expected = expected[:k]
        assert found.tolist() == expected + [NO_ITEM] * (k - len(expected))
        assert value.tolist() == [row[column] for column in expected] + [-np.inf] * (k - len(expected))


def test_nothing_asked_is_nothing_answered() -> None:
    columns, values = top_k(np.zeros((0, 5), np.float32), 3)
    assert columns.shape == values.shape == (0, 3)


def test_blocks_cover_all_users_once_within_the_bound() -> None:
    blocks = list(user_blocks(10, topk.CELLS // 4))
    assert [(block.start, block.stop) for block in blocks] == [(0, 4), (4, 8), (8, 10)]
    assert [(block.start, block.stop) for block in user_blocks(2, topk.CELLS * 3)] == [(0, 1), (1, 2)]
    assert list(user_blocks(0, 5)) == []
