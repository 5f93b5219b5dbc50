"""Found, false and missed, spelt out."""

import numpy as np

from components.recipes.detection.metrics.matching import match
from components.recipes.detection.metrics.outcomes import by_label, confusion, errors, outcome, worst_first
from tests.components.recipes.detection.metrics.boxes import crowds, scores, targets

ONE, TWO, NOTHING = (0, 0, 10, 10), (50, 50, 60, 60), (80, 80, 90, 90)
LEAST = np.array([0.5, 0.5])
TARGET = targets([(*ONE, 0), (*TWO, 1)], [], [(*ONE, 0)])
SCORE = scores([(*NOTHING, 0, 0.7), (*ONE, 0, 0.9), (*TWO, 1, 0.4)], [(*NOTHING, 1, 0.6)], [(*ONE, 0, 0.8)])


def test_the_boxes_of_an_image_at_the_threshold():
    found = outcome(match(TARGET, SCORE, 2), TARGET, SCORE, 0, LEAST)
    assert found.hits[:, :4].tolist() == [[*ONE]]
    assert found.false[:, :4].tolist() == [[*NOTHING]]
    assert found.missed.tolist() == [[*TWO, 1]]  # found at .4 only, which is not served


def test_errors_and_the_order_of_images():
    matches = match(TARGET, SCORE, 2)
    false, missed = errors(matches, LEAST)
    assert (false.tolist(), missed.tolist()) == ([1, 1, 0], [1, 0, 0])
    # F1: 2 / (2 + 2), 0, 1.
    assert worst_first(matches, LEAST).tolist() == [1, 0, 2]


def test_each_class_is_counted_at_its_own_confidence():
    true, found, false = by_label(match(TARGET, SCORE, 2), np.array([0.75, 0.3]))
    assert (true.tolist(), found.tolist(), false.tolist()) == ([2, 1], [2, 1], [0, 1])


def test_which_class_is_taken_for_which():
    target = targets([(*ONE, 0), (*TWO, 1)])
    score = scores([(*ONE, 1, 0.9), (*NOTHING, 0, 0.8), (*TWO, 1, 0.3)])
    # The first is taken for a second, one is detected where nothing is, and one is below the threshold.
    assert confusion(target, score, LEAST).tolist() == [[0, 1, 0], [0, 0, 1], [1, 0, 0]]


def test_every_box_is_in_the_table_once():
    target, score = crowds(12, 9, 3, seed=5)
    least = np.array([0.3, 0.3, 0.3])
    counts = confusion(target, score, least)
    labels = target[..., 4][~np.isnan(target[..., 4])].astype(int)
    assert counts[:3].sum(axis=1).tolist() == np.bincount(labels, minlength=3).tolist()
    served = score[score[..., 5] >= 0.3]
    assert counts[:, :3].sum(axis=0).tolist() == np.bincount(served[:, 4].astype(int), minlength=3).tolist()


def test_an_image_without_anything():
    target, score = targets([]), scores([])
    found = outcome(match(target, score, 2), target, score, 0, LEAST)
    assert [len(boxes) for boxes in (found.hits, found.false, found.missed)] == [0, 0, 0]
    assert confusion(target, score, LEAST).tolist() == [[0] * 3] * 3
