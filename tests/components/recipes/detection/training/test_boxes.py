import math

import pytest
import torch

from components.recipes.detection.training.boxes import LARGEST_LOG, decode, giou, paired_iou, points


def test_points_are_the_middles_of_the_squares_row_by_row():
    found = points(2, 3, 8, torch.device("cpu"))
    assert found.tolist() == [[4, 4], [12, 4], [20, 4], [4, 12], [12, 12], [20, 12]]


def test_a_box_is_its_point_less_and_more_the_distances():
    logs = torch.tensor([[[0.0, math.log(2), math.log(3), 0.0]]])
    box = decode(logs, torch.tensor([[20.0, 30.0]]), reach=5.0)
    assert box[0, 0].tolist() == pytest.approx([20 - 5, 30 - 2 * 5, 20 + 3 * 5, 30 + 5])


def test_a_distance_has_an_end():
    box = decode(torch.full((1, 1, 4), 100.0), torch.zeros(1, 2), reach=1.0)
    assert box[0, 0, 2].item() == pytest.approx(math.exp(LARGEST_LOG))


def test_overlap_is_the_shared_area_over_that_of_both():
    first = torch.tensor([[0.0, 0.0, 4.0, 4.0], [10.0, 10.0, 12.0, 12.0]])
    second = torch.tensor([[2.0, 0.0, 6.0, 4.0]] * 2)
    assert paired_iou(first, second).tolist() == pytest.approx([8 / (16 + 16 - 8), 0.0])


def test_giou_is_one_for_equal_boxes_and_falls_with_the_gap():
    box = torch.tensor([[0.0, 0.0, 2.0, 2.0]])
    apart = torch.tensor([[4.0, 0.0, 6.0, 2.0]])
    # Nothing shared; the hull is 6 x 2 and the two cover 8 of its 12.
    assert giou(torch.cat([box, box]), torch.cat([box, apart])).tolist() == pytest.approx([1.0, -(12 - 8) / 12])


def test_a_box_turned_inside_out_has_no_area_and_a_gradient():
    box = torch.tensor([[2.0, 2.0, 0.0, 0.0]], requires_grad=True)
    value = giou(box, torch.tensor([[0.0, 0.0, 2.0, 2.0]]))
    value.sum().backward()
    assert torch.isfinite(value).all()
    assert torch.isfinite(box.grad).all()
