"""The share of boxes found in parts of them, by hand."""

import numpy as np
import pytest

from components.evaluation.bootstrap import Resampling
from components.recipes.detection.metrics.matching import match
from components.recipes.detection.report.slices import by_class, by_crowding, by_size, true_boxes
from tests.components.recipes.detection.metrics.boxes import scores, targets

OPTIONS = {"minimum": 2, "resampling": Resampling(resamples=100, confidence=0.95, seed=1)}
SMALL, LARGE, FAR = (0, 0, 4, 4), (20, 20, 40, 40), (60, 60, 80, 80)
# Two images of one small box, found once; two of two large ones, of which three are found and one too timidly.
TARGET = targets([(*SMALL, 0)], [(*SMALL, 0)], [(*LARGE, 1), (*FAR, 1)], [(*LARGE, 1), (*FAR, 0)])
SCORE = scores(
    [(*SMALL, 0, 0.9)], [], [(*LARGE, 1, 0.9), (*FAR, 1, 0.8)], [(*LARGE, 1, 0.7), (*FAR, 0, 0.2), (*FAR, 1, 0.9)]
)


@pytest.fixture
def boxes():
    return true_boxes(match(TARGET, SCORE, 2), TARGET, np.array([0.5, 0.5]))


def told(found):
    return {one.name: (one.counts["boxes"], one.counts["images"], one.metrics["sensitivity"].value) for one in found}


def test_what_is_known_of_each_box(boxes):
    assert boxes.size.tolist() == [4, 4, 20, 20, 20, 20]
    assert boxes.found.tolist() == [True, False, True, True, True, False]


def test_by_size_crowding_and_class(boxes):
    assert told(by_size(boxes, 2, **OPTIONS)) == {"under 20 px": (2, 2, 0.5), "20 px and more": (4, 2, 0.75)}
    assert told(by_crowding(boxes, 2, **OPTIONS)) == {"under 2 boxes": (2, 2, 0.5), "2 boxes and more": (4, 2, 0.75)}
    assert told(by_class(boxes, ["red", "white"], **OPTIONS)) == {"red": (3, 3, 1 / 3), "white": (3, 2, 1.0)}


def test_few_boxes_or_one_image_have_no_figure(boxes):
    found = by_class(boxes, ["red", "white"], **{**OPTIONS, "minimum": 4})
    assert [(one.sufficient, one.metrics) for one in found] == [(False, {})] * 2
    alone = true_boxes(match(TARGET[2:3], SCORE[2:3], 2), TARGET[2:3], np.array([0.5, 0.5]))
    assert [one.sufficient for one in by_class(alone, ["red", "white"], **OPTIONS)] == [False]


def test_bands_of_equal_values_are_one(boxes):
    assert [one.name for one in by_crowding(boxes, 6, **OPTIONS)] == ["1 boxes", "2 boxes and more"]


def test_no_boxes_make_no_slices():
    empty = true_boxes(match(targets([]), scores([]), 1), targets([]), np.array([0.5]))
    assert by_size(empty, 3, **OPTIONS) == []
