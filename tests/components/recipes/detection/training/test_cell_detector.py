import math

import pytest
import torch

from components.recipes.detection.training.cell_detector import PRIOR, CellDetector, share_of

SIZES = {"channels": 3, "classes": 2, "reach": 10.0, "stem": 8, "widths": [8, 16, 24, 32], "size": 16}


def make(stride=8, hidden=1.0, depths=(1, 1, 1, 1)):
    torch.manual_seed(0)
    return CellDetector(**SIZES, stride=stride, hidden=hidden, depths=depths).eval()


@pytest.mark.parametrize("stride", [4, 8])
def test_a_map_has_a_point_for_each_square_of_stride_pixels(stride):
    assert make(stride)(torch.zeros(2, 3, 64, 96)).shape == (2, 2 + 4, 64 // stride, 96 // stride)


def test_scores_start_at_the_share_of_points_with_an_object():
    answer = make()(torch.zeros(1, 3, 64, 64))
    logit = math.log(PRIOR / (1 - PRIOR))
    assert answer[:, :2].mean().item() == pytest.approx(logit, abs=0.5)
    assert answer[:, 2:].abs().mean().item() < 1  # boxes start about as large as a typical object


def test_every_weight_takes_part():
    network = make().train()
    network(torch.rand(2, 3, 64, 64)).square().mean().backward()
    unused = {name for name, weight in network.named_parameters() if weight.grad is None or not weight.grad.any()}
    assert unused == set()


def test_half_of_the_hidden_channels_are_left():
    whole, half = make(), make(hidden=0.5)
    for layer in half.hidden_layers():
        outputs = half.state_dict()[f"{layer.convolution}.weight"].shape[0]
        before = whole.state_dict()[f"{layer.convolution}.weight"].shape[0]
        assert outputs == share_of(before, 0.5)
        assert half.state_dict()[f"{layer.reader}.weight"].shape[1] == outputs
    assert len(half.hidden_layers()) == 4 + 2


def test_a_share_is_in_units_of_eight_and_never_nothing():
    assert [share_of(64, 0.5), share_of(24, 0.5), share_of(8, 0.1), share_of(48, 1.0)] == [32, 16, 8, 48]


def test_an_object_moved_by_the_coarsest_stride_moves_its_answer():
    """Convolutions alone: away from the edges nothing depends on where in the image something is."""
    network, image = make(), torch.zeros(1, 3, 256, 256)
    image[:, :, 110:120, 110:120] = 1
    first = network(image)[0, :, 8:24, 8:24]
    moved = network(torch.roll(image, (32, 32), (2, 3)))[0, :, 12:28, 12:28]
    assert torch.allclose(first, moved, atol=1e-4)
