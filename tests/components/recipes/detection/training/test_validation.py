import numpy as np
import pytest

from components.recipes.detection.training.validation import Found, average_precision

BOX = np.array([[10.0, 10.0, 30.0, 30.0]], np.float32)
LABEL = np.array([0])


def answer(*boxes):
    return np.array(boxes, np.float32).reshape(-1, 6)


def test_the_box_itself_is_all_there_is_to_reach():
    assert average_precision([Found(BOX, LABEL, answer([10, 10, 30, 30, 0, 0.9]))], 1) == pytest.approx((1.0, 1.0))


def test_a_box_that_overlaps_by_062_counts_at_three_of_ten_thresholds():
    # 20 x 20 beside 20 x 12.4: an overlap of 0.62, which passes 0.5, 0.55 and 0.6.
    found = answer([10, 10, 30, 22.4, 0, 0.9])
    assert average_precision([Found(BOX, LABEL, found)], 1) == pytest.approx((1.0, 3 / 10))


def test_a_second_answer_to_the_same_box_is_false():
    found = answer([10, 10, 30, 30, 0, 0.8], [10, 10, 30, 30, 0, 0.9])
    two = Found(BOX, LABEL, found), Found(BOX, LABEL, answer([10, 10, 30, 30, 0, 0.5]))
    # Ranked: hit, false, hit; precision 1 up to a recall of 1/2 (51 of 101 points), 2/3 beyond (50 of 101).
    assert average_precision(two, 1)[0] == pytest.approx((51 * 1 + 50 * 2 / 3) / 101)


def test_nothing_found_is_zero():
    assert average_precision([Found(BOX, LABEL, answer())], 1) == (0.0, 0.0)


def test_more_than_a_hundred_objects_of_an_image_can_be_found():
    corners = np.array([[12.0 * (place % 20), 12.0 * (place // 20)] for place in range(150)], np.float32)
    boxes = np.concatenate([corners, corners + 10], axis=1)
    found = np.column_stack([boxes, np.zeros(150), np.linspace(0.9, 0.5, 150)]).astype(np.float32)
    assert average_precision([Found(boxes, np.zeros(150, int), found)], 1) == pytest.approx((1.0, 1.0))
