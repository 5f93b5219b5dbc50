from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.recipes.detection.serving.tiles import tiles


def test_a_small_picture_is_one_tile_that_owns_everything():
    (tile,) = tiles(100, 60, size=128, margin=32, unit=8)
    assert tile.seen == (0, 0, 100, 60)
    assert tile.owns(np.array([[-20.0, -20, 500, 500], [0.0, 0, 1, 1]])).all()


def test_two_tiles_overlap_and_share_at_the_middle_of_their_overlap():
    first, second = tiles(200, 64, size=128, margin=32, unit=8)
    assert (first.seen, second.seen) == ((0, 0, 128, 64), (72, 0, 200, 64))
    cut = (128 + 72) / 2
    assert first.core[2] == second.core[0] == cut
    left, right = np.array([[80.0, 0, 90, 10]]), np.array([[110.0, 0, 120, 10]])
    assert (first.owns(left)[0], second.owns(left)[0]) == (True, False)
    assert (first.owns(right)[0], second.owns(right)[0]) == (False, True)


def test_a_box_right_at_the_cut_is_owned_by_both_so_that_neither_loses_it():
    first, second = tiles(200, 64, size=128, margin=32, unit=8)
    assert first.owns(np.array([[90.0, 0, 112, 10]]))[0]
    assert second.owns(np.array([[90.0, 0, 112, 10]]))[0]


@given(st.integers(1, 700), st.integers(1, 700), st.integers(32, 128), st.integers(0, 32))
def test_every_pixel_is_seen_and_every_middle_owned(width, height, size, margin):
    looked = tiles(width, height, size=size, margin=min(margin, size // 2), unit=8)
    x, y = np.meshgrid(np.arange(0, width, 7.0), np.arange(0, height, 7.0))
    points = np.column_stack([x.ravel(), y.ravel()] * 2)
    owned = np.zeros(len(points), int)
    for tile in looked:
        left, top, right, bottom = tile.seen
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        assert max(right - left, bottom - top) <= size
        owned += tile.owns(points)
    assert owned.min() >= 1


def test_tiles_begin_at_multiples_of_the_unit_and_end_with_the_picture():
    looked = tiles(301, 64, size=128, margin=32, unit=32)
    assert [tile.seen[0] % 32 for tile in looked] == [0] * len(looked)
    assert looked[-1].seen[2] == 301


@pytest.mark.parametrize("length", [129, 200, 1000])
def test_neighbours_overlap_by_the_margin_at_least(length):
    looked = tiles(length, 10, size=128, margin=32, unit=8)
    for one, other in pairwise(looked):
        assert one.seen[2] - other.seen[0] >= 32
