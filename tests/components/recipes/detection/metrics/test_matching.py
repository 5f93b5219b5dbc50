"""Which box is which, spelt out; and what the library is asked."""

import numpy as np
import pytest

from components.core.errors import CasebookError
from components.recipes.detection.metrics.matching import HALF, NOBODY, digest, match
from tests.components.recipes.detection.metrics.boxes import crowds, scores, targets

SQUARE = (10, 10, 20, 20)
# 8 of 10 wide: IoU 80 / 100; 6 of 10: .6; 5 of 10: .5; 4 of 10: .4.
EIGHT, SIX, FIVE, FOUR = (10, 10, 18, 20), (10, 10, 16, 20), (10, 10, 15, 20), (10, 10, 14, 20)


def hits(target: np.ndarray, score: np.ndarray, classes: int = 1) -> list[list[int]]:
    """For each detection, most confident first, the thresholds (in hundredths) at which it found a box."""
    found = match(target, score, classes).found
    return [[50 + 5 * place for place in np.flatnonzero(column != NOBODY)] for column in found.T]


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        (SQUARE, [*range(50, 100, 5)]),
        (EIGHT, [50, 55, 60, 65, 70, 75, 80]),
        (SIX, [50, 55, 60]),
        (FIVE, [50]),
        (FOUR, []),
    ],
)
def test_a_box_is_found_up_to_its_overlap(box, expected):
    assert hits(targets([(*SQUARE, 0)]), scores([(*box, 0, 0.9)])) == [expected]


def test_one_box_matched_twice_counts_once():
    found = match(targets([(*SQUARE, 0)]), scores([(*SIX, 0, 0.9), (*SQUARE, 0, 0.8)]), 1)
    # The more confident takes it where it fits, at .50 to .60; above, the box is left to the other.
    assert found.hit.sum(axis=0).tolist() == [3, 7]
    assert (found.hit.sum(axis=1) == 1).all()


def test_another_class_or_another_image_is_no_match():
    target = targets([(*SQUARE, 0)], [])
    assert hits(target, scores([(*SQUARE, 1, 0.9)], [(*SQUARE, 0, 0.8)]), classes=2) == [[], []]


def test_places_are_those_within_the_image_whatever_the_padding():
    other = (60, 60, 70, 70)
    target = targets([], [(*other, 0), (*SQUARE, 1)])
    target = np.concatenate([np.full_like(target[:, :1], np.nan), target], axis=1)  # a hole in front
    found = match(target, scores([], [(*SQUARE, 1, 0.3), (*other, 0, 0.7)]), 2)
    assert found.place.tolist() == [1, 0]
    assert found.image.tolist() == [1, 1]
    assert found.found[HALF].tolist() == [1, 2]
    assert found.true.tolist() == [[0, 0], [1, 1]]


def test_images_without_boxes_and_without_detections():
    empty = match(targets([], []), scores([], []), 2)
    assert (empty.found.shape, empty.true.tolist()) == ((10, 0), [[0, 0], [0, 0]])
    assert hits(targets([]), scores([(*SQUARE, 0, 0.5)])) == [[]]
    assert match(targets([(*SQUARE, 0)]), scores([]), 1).true.tolist() == [[1]]


def test_more_than_a_hundred_in_an_image():
    boxes = [(12 * x, 12 * y, 12 * x + 10, 12 * y + 10) for x in range(15) for y in range(10)]
    target = targets([(*box, 0) for box in boxes])
    score = scores([(*box, 0, 0.5) for box in boxes])
    assert match(target, score, 1).hit.all()


def test_each_true_box_is_found_once_at_most_in_crowds():
    target, score = crowds(30, 12, 3, seed=3)
    found = match(target, score, 3)
    for row in found.found:
        taken = [(image, place) for image, place in zip(found.image, row, strict=True) if place != NOBODY]
        assert len(set(taken)) == len(taken)
    image, place = found.image[found.hit[HALF]], found.found[HALF][found.hit[HALF]]
    assert (target[image, place, 4] == found.label[found.hit[HALF]]).all()
    assert (np.diff(found.confidence) <= 0).all()


@pytest.mark.parametrize(
    ("target", "score", "told"),
    [
        (np.zeros((1, 1, 4)), scores([]), r"target of shape \(1, 1, 4\)"),
        (targets([]), np.zeros((1, 6)), r"score of shape \(1, 6\)"),
        (targets([], []), scores([]), "2 images of targets and 1 of scores"),
        (targets([(*SQUARE, 1)]), scores([]), "class 1 is none of 0 to 0"),
        (targets([]), scores([(*SQUARE, 0.5, 0.9)]), r"class 0\.5 is none"),
        (targets([(10, 10, np.nan, 20, 0)]), scores([]), "NaN or infinite in part"),
        (targets([]), scores([(*SQUARE, 0, np.inf)]), "NaN or infinite in part"),
    ],
)
def test_what_does_not_fit_is_told(target, score, told):
    with pytest.raises(CasebookError, match=told):
        match(target, score, 1)


def test_a_box_turned_inside_out_finds_nothing():
    assert hits(targets([(*SQUARE, 0)]), scores([(20, 20, 10, 10, 0, 0.9)])) == [[]]


def test_a_digest_tells_values_shapes_and_types_apart():
    one = np.arange(6.0)
    others = [one[::-1], one.reshape(2, 3), one.astype(np.float32)]
    assert digest(one) == digest(one.copy())
    assert len({digest(one), *map(digest, others)}) == 4
