from pathlib import Path

import pytest
import torch
from torch import nn

from components.compression.prune import HoldMasks, apply_masks, magnitude_masks, prunable
from components.core.job import Job
from components.core.recipe import recipe_of
from components.recipes.binary.training.learner import BinaryLearner
from components.training.fit import build, fit


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(3, 2), nn.Linear(2, 2)
        with torch.no_grad():
            self.first.weight.copy_(torch.tensor([[0.1, -5.0, 2.0], [-0.2, 6.0, -3.0]]))
            self.second.weight.copy_(torch.tensor([[0.3, 0.4], [-7.0, 8.0]]))


def test_only_matrices_of_weights_are_pruned() -> None:
    assert [name for name, _ in prunable(Net())] == ["first.weight", "second.weight"]


def test_the_smallest_weights_of_all_matrices_together_go() -> None:
    masks = magnitude_masks(Net(), 0.4)  # 4 of 10: .1, .2, .3 and .4
    assert masks["first.weight"].tolist() == [[0, 1, 1], [0, 1, 1]]
    assert masks["second.weight"].tolist() == [[0, 0], [1, 1]]


@pytest.mark.parametrize("amount", [0.1, 0.5, 0.9])
def test_exactly_the_share_asked_for_is_dropped(amount: float) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(20, 30), nn.Linear(30, 10))  # 600 + 300 weights
    dropped = sum(int((mask == 0).sum()) for mask in magnitude_masks(net, amount).values())
    assert dropped == round(amount * 900)


def test_masked_weights_are_zero_and_the_others_as_they_were() -> None:
    net, before = Net(), Net().state_dict()
    masks = magnitude_masks(net, 0.4)
    apply_masks(net, masks)
    for name, weight in prunable(net):
        assert torch.equal(weight, before[name] * masks[name])


def test_pruned_weights_stay_zero_while_the_rest_learns(prepared: Job, tmp_path: Path) -> None:
    training = recipe_of(prepared).training
    start, _ = build(prepared, training)
    assert isinstance(start, BinaryLearner)
    masks = magnitude_masks(start.network, 0.6)
    learner, _ = fit(prepared, training, state=tmp_path, callbacks=[HoldMasks(masks)])
    before = dict(start.network.named_parameters())
    for name, weight in prunable(learner.network):
        assert (weight[masks[name] == 0] == 0).all(), name
        assert not torch.equal(weight[masks[name] == 1], before[name][masks[name] == 1]), name
