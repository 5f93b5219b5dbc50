import pytest
import torch

from components.recipes.detection.training.assignment import assign
from components.recipes.detection.training.boxes import points

PLACES = points(4, 4, 8, torch.device("cpu"))  # an image of 32 x 32


def ask(truth, labels, *, scores=None, boxes=None, candidates=2, classes=2):
    """`assign` where every point answers with a box of 8 x 8 around itself and the score 0.5."""
    scores = torch.full((1, 16, classes), 0.5) if scores is None else scores
    around = torch.cat([PLACES - 4, PLACES + 4], dim=1)[None] if boxes is None else boxes
    truth = torch.tensor([truth], dtype=torch.float)
    return assign(
        scores,
        around,
        PLACES,
        truth,
        torch.tensor([labels]),
        candidates=candidates,
        score_power=1.0,
        overlap_power=1.0,
    )


def test_the_point_that_answers_best_is_asked_for_its_overlap():
    found = ask([[0.0, 0.0, 8.0, 8.0]], [1])
    assert found.positive.nonzero().tolist() == [[0, 0]]
    assert found.score[0, 0].tolist() == pytest.approx([0.0, 1.0])  # the box is the truth: an overlap of 1
    assert found.box[0, 0].tolist() == [0, 0, 8, 8]


def test_two_candidates_are_asked_for_relative_strength():
    boxes = torch.cat([PLACES - 4, PLACES + 4], dim=1)[None].clone()
    boxes[0, 0] = torch.tensor([0.0, 0.0, 16.0, 8.0])  # all of the truth
    boxes[0, 1] = torch.tensor([8.0, 0.0, 16.0, 8.0])  # half of it
    found = ask([[0.0, 0.0, 16.0, 8.0]], [0], boxes=boxes)
    # Strength s * u over the best one's, times the best overlap: 1, and (0.5 * 0.5) / (0.5 * 1).
    assert found.score[0, :2, 0].tolist() == pytest.approx([1.0, 0.5])


def test_the_class_that_is_asked_for_decides_who_answers():
    scores = torch.full((1, 16, 2), 0.5)
    scores[0, 1] = torch.tensor([0.9, 0.1])
    boxes = torch.cat([PLACES - 4, PLACES + 4], dim=1)[None].clone()
    boxes[0, :2] = torch.tensor([0.0, 0.0, 16.0, 8.0])
    first = ask([[0.0, 0.0, 16.0, 8.0]], [0], scores=scores, boxes=boxes, candidates=1)
    second = ask([[0.0, 0.0, 16.0, 8.0]], [1], scores=scores, boxes=boxes, candidates=1)
    assert first.positive[0].nonzero().ravel().tolist() == [1]
    assert second.positive[0].nonzero().ravel().tolist() == [0]


def test_a_point_in_two_boxes_answers_for_the_one_it_overlaps_most():
    found = ask([[0.0, 0.0, 8.0, 8.0], [0.0, 0.0, 16.0, 16.0]], [0, 1], candidates=4)
    assert found.score[0, 0].tolist()[1] == 0
    assert found.box[0, 0].tolist() == [0, 0, 8, 8]
    assert found.positive[0, [1, 4, 5]].all()


def test_a_box_without_a_point_inside_gets_the_nearest_one():
    found = ask([[0.0, 0.0, 3.0, 3.0]], [0])
    assert found.positive[0].nonzero().ravel().tolist() == [0]
    assert found.box[0, 0].tolist() == [0, 0, 3, 3]


def test_padding_asks_for_nothing():
    found = ask([[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 32.0, 32.0]], [-1, -1])
    assert not found.positive.any()
    assert found.score.sum() == 0


def test_no_more_points_than_candidates_answer():
    found = ask([[0.0, 0.0, 32.0, 32.0]], [0], candidates=3)
    assert found.positive.sum() == 3


def test_of_equal_boxes_the_first_is_answered_for():
    found = ask([[0.0, 0.0, 16.0, 16.0]] * 2, [1, 0], candidates=4)
    assert found.positive.sum() == 4
    assert (found.score[..., 1] > 0).sum() == 4
    assert (found.score[..., 0] > 0).sum() == 0
