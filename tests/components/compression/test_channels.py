import pytest
import torch
from torch import nn

from components.compression.channels import prune_channels
from components.recipes.detection.training.cell_detector import CellDetector


def chain(hidden):
    return nn.Sequential(nn.Conv2d(2, hidden, 1, bias=False), nn.BatchNorm2d(hidden), nn.Conv2d(hidden, 3, 1))


def test_the_weakest_channels_go_with_what_reads_them():
    whole = chain(3)
    with torch.no_grad():
        whole[0].weight[:] = torch.tensor([[3.0, 4.0], [0.6, 0.8], [6.0, 8.0]])[..., None, None]  # norms 5, 1, 10
        whole[1].weight[:] = torch.tensor([1.0, 20.0, 0.1])  # strengths 5, 20, 1
        whole[1].bias[:] = torch.tensor([7.0, 8.0, 9.0])
    found = prune_channels(whole.state_dict(), [("0", "1", "2")], chain(2).state_dict())
    assert found["0.weight"][:, :, 0, 0].tolist() == [[3, 4], pytest.approx([0.6, 0.8])]
    assert found["1.bias"].tolist() == [7, 8]
    assert torch.equal(found["2.weight"], whole[2].weight[:, :2])
    chain(2).load_state_dict(found)


def test_channels_that_do_nothing_can_go_without_a_trace():
    sizes = {"channels": 1, "classes": 1, "stride": 8, "reach": 4.0, "stem": 8, "widths": [16] * 4, "depths": [1] * 4}
    whole, half = (CellDetector(**sizes, size=16, hidden=share).eval() for share in (1.0, 0.5))
    with torch.no_grad():
        for layer in whole.hidden_layers():
            norm = whole.get_submodule(layer.norm)
            norm.weight[::2] = 0
            norm.bias[::2] = 0
    half.load_state_dict(prune_channels(whole.state_dict(), whole.hidden_layers(), half.state_dict()))
    image = torch.rand(1, 1, 64, 64)
    assert torch.allclose(whole(image), half(image), atol=1e-5)
    assert sum(w.numel() for w in half.parameters()) < sum(w.numel() for w in whole.parameters())
