import math

import pytest
import torch

from components.recipes.detection.training.assignment import Assigned
from components.recipes.detection.training.losses import box_loss, score_loss


def assigned(score, positive, box):
    return Assigned(torch.tensor([score]), torch.tensor([positive]), torch.tensor([box]))


def test_a_score_costs_its_entropy_times_the_squared_distance():
    asked = assigned([[1.0], [0.0]], [True, False], [[0.0, 0, 1, 1], [0.0, 0, 1, 1]])
    logits = torch.tensor([[[0.0], [0.0]]])  # both say 0.5
    assert score_loss(logits, asked).item() == pytest.approx(2 * math.log(2) * 0.5**2 / 1)


def test_what_is_asked_for_costs_nothing_though_it_is_no_certainty():
    asked = assigned([[0.25]], [True], [[0.0, 0, 1, 1]])
    exact = torch.tensor([[[math.log(0.25 / 0.75)]]])
    assert score_loss(exact, asked).item() == pytest.approx(0.0, abs=1e-9)


def test_boxes_weigh_by_what_is_asked_of_their_points():
    truth = [0.0, 0.0, 2.0, 2.0]
    asked = assigned([[1.0], [0.5], [0.0]], [True, True, False], [truth, truth, truth])
    boxes = torch.tensor([[truth, [4.0, 0.0, 6.0, 2.0], [9.0, 9.0, 10.0, 10.0]]])
    # 1 - 1 at the weight 1, and 1 + 4 / 12 at the weight 0.5.
    assert box_loss(boxes, asked).item() == pytest.approx((0 * 1.0 + (1 + 4 / 12) * 0.5) / 1.5)


def test_images_without_a_box_have_a_loss_and_a_gradient():
    asked = assigned([[0.0]], [False], [[0.0, 0, 0, 0]])
    logits = torch.zeros(1, 1, 1, requires_grad=True)
    boxes = torch.zeros(1, 1, 4, requires_grad=True)
    (score_loss(logits, asked) + box_loss(boxes, asked)).backward()
    assert logits.grad.item() > 0
    assert torch.isfinite(boxes.grad).all()
