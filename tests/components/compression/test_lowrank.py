import numpy as np
import pytest

from components.compression.lowrank import lost_share, low_rank
from components.core.errors import CasebookError


def test_a_table_of_that_rank_is_held_whole() -> None:
    table = np.outer([1, 2, 3, 4], [1, -1, 2]).astype(np.float32) + np.outer([0, 1, 0, -1], [1, 1, 0])
    factors = low_rank(table, 2)
    assert factors.left.shape == (4, 2)
    assert factors.right.shape == (2, 3)
    assert factors.whole() == pytest.approx(table, abs=1e-5)
    assert lost_share(table, factors) == pytest.approx(0, abs=1e-10)


def test_what_is_lost_are_the_smallest_squares() -> None:
    table = np.diag([3.0, 2.0, 1.0]).astype(np.float32)
    assert lost_share(table, low_rank(table, 2)) == pytest.approx(1 / (9 + 4 + 1))
    assert lost_share(table, low_rank(table, 1)) == pytest.approx((4 + 1) / (9 + 4 + 1))


def test_the_factors_are_those_of_the_singular_value_decomposition() -> None:
    table = np.random.default_rng(1).normal(size=(50, 8)).astype(np.float32)
    left, values, right = np.linalg.svd(table.astype(np.float64), full_matrices=False)
    assert low_rank(table, 3).whole() == pytest.approx((left[:, :3] * values[:3]) @ right[:3], abs=1e-5)
    factors = low_rank(table, 3)
    assert factors.right @ factors.right.T == pytest.approx(np.eye(3), abs=1e-5)
    assert (factors.right[np.arange(3), np.abs(factors.right).argmax(axis=1)] > 0).all()


@pytest.mark.parametrize("rank", [0, 8, 9])
def test_a_rank_that_saves_nothing_is_refused(rank: int) -> None:
    with pytest.raises(CasebookError, match=rf"compress.low_rank.rank: {rank} of vectors of 8 .* from 1 to 7"):
        low_rank(np.ones((50, 8), np.float32), rank)
