import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.recipes.detection.encoding.suppress import read_map, suppress, vote


def test_a_map_is_read_point_by_point():
    answer = np.full((1 + 4, 2, 3), -10.0, np.float32)
    answer[0, 1, 2] = 0.0  # the confidence one half
    answer[1:, 1, 2] = np.log([1.0, 2.0, 3.0, 4.0])
    (found,) = read_map(answer, classes=1, stride=8, reach=5.0, least=0.1)
    x, y = 2.5 * 8, 1.5 * 8
    assert found.tolist() == pytest.approx([x - 5, y - 10, x + 15, y + 20, 0, 0.5])


def test_a_point_may_answer_for_two_classes_and_the_surest_comes_first():
    answer = np.zeros((2 + 4, 1, 1), np.float32)
    answer[:2, 0, 0] = [math.log(0.3 / 0.7), math.log(0.8 / 0.2)]
    found = read_map(answer, classes=2, stride=4, reach=1.0, least=0.2)
    assert found[:, 4:].ravel().tolist() == pytest.approx([1, 0.8, 0, 0.3])
    assert len(read_map(answer, classes=2, stride=4, reach=1.0, least=0.5)) == 1


def test_a_map_of_extremes_is_read_without_a_warning():
    answer = np.concatenate([np.full((1, 1, 1), -1e4), np.full((4, 1, 1), 1e4)]).astype(np.float32)
    found = read_map(answer, classes=1, stride=4, reach=1.0, least=0.0)
    assert np.isfinite(found).all()


BOX = [0.0, 0.0, 10.0, 10.0]


def test_of_two_that_overlap_the_surer_stays():
    # 10 x 10 and the same moved by 2: an overlap of 80 / 120.
    found = np.array([[*BOX, 0, 0.9], [2.0, 0.0, 12.0, 10.0, 0, 0.8]], np.float32)
    assert suppress(found, overlap=0.6, most=9)[:, 5].tolist() == pytest.approx([0.9])
    assert len(suppress(found, overlap=0.7, most=9)) == 2


def test_boxes_of_two_classes_stand_over_each_other():
    found = np.array([[*BOX, 0, 0.9], [*BOX, 1, 0.8]], np.float32)
    assert len(suppress(found, overlap=0.5, most=9)) == 2


def test_what_a_suppressed_box_overlaps_may_stay():
    row = [[0.0, 0, 10, 10, 0, 0.9], [4.0, 0, 14, 10, 0, 0.8], [8.0, 0, 18, 10, 0, 0.7]]
    kept = suppress(np.array(row, np.float32), overlap=0.3, most=9)
    assert kept[:, 5].tolist() == pytest.approx([0.9, 0.7])


def test_boxes_that_overlap_enough_and_are_of_the_class_vote_by_their_confidence():
    moved, other, far = [1.0, 0.0, 11.0, 10.0], [0.0, 2.0, 10.0, 12.0], [5.0, 0.0, 15.0, 10.0]
    found = np.array([[*BOX, 0, 0.9], [*moved, 0, 0.3], [*other, 1, 0.9], [*far, 0, 0.8]], np.float32)
    # moved overlaps by 90 / 110 and far by 50 / 150; x1 is (0.9 * 0 + 0.3 * 1) / 1.2.
    assert vote(found[:1], found, overlap=0.8)[0].tolist() == pytest.approx([0.25, 0, 10.25, 10, 0, 0.9])
    assert vote(found[:1], found, overlap=0.9)[0].tolist() == pytest.approx([*BOX, 0, 0.9])
    assert found[0, 0] == 0  # what is given stays as it is


def test_a_box_without_an_area_stays_where_it_is():
    found = np.array([[3.0, 3.0, 3.0, 9.0, 0, 0.5]], np.float32)
    assert vote(found, found, overlap=0.5).tolist() == found.tolist()
    assert len(vote(found[:0], found, overlap=0.5)) == 0


def test_no_more_than_asked_for_and_nothing_of_nothing():
    apart = np.array([[20.0 * place, 0, 20 * place + 10, 10, 0, 0.9 - place / 10] for place in range(5)], np.float32)
    assert len(suppress(apart, overlap=0.5, most=3)) == 3
    assert suppress(np.zeros((0, 6), np.float32), overlap=0.5, most=3).shape == (0, 6)


boxes = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(1, 20), st.integers(1, 20), st.integers(0, 1)),
    max_size=12,
)


@given(boxes)
def test_what_stays_does_not_overlap_and_what_goes_overlaps_something_surer(drawn):
    rows = [[x, y, x + w, y + h, label, 1 - place / 20] for place, (x, y, w, h, label) in enumerate(drawn)]
    found = np.array(rows, np.float32).reshape(-1, 6)
    kept = suppress(found, overlap=0.5, most=100)
    staying = {float(one[5]) for one in kept}
    for place, one in enumerate(found):
        worse_than = [other for other in kept if other[5] > one[5] and other[4] == one[4] and _iou(one, other) > 0.5]
        assert (float(one[5]) in staying) == (not worse_than), place


def _iou(one, other):
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(width, 0) * max(height, 0)
    return shared / ((one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1]) - shared)
