import math

import pytest
import torch
from torch import Tensor, nn

from components.kits.survival.training.learner import concordance
from components.recipes.competing_risks.training.learner import CausesLearner
from tests.toy.jobs import toy_params


class Constant(nn.Module):
    """One member of two causes and two intervals, which knows the first cause's hazard of each row."""

    def forward(self, numeric: Tensor, categorical: Tensor) -> Tensor:  # noqa: ARG002
        first = numeric[:, :1].expand(-1, 2)
        return torch.stack([first, torch.zeros_like(first)], dim=1).unsqueeze(1)


def learner() -> CausesLearner:
    return CausesLearner(Constant(), toy_params("medical_mortality").fit)


def test_the_loss_is_the_sum_over_causes() -> None:
    events = torch.tensor([[[0.0, 1.0], [0.0, 0.0]]])
    exposure = torch.tensor([[[1.0, 0.5]]])
    batch = (torch.tensor([[math.log(2.0)]]), torch.zeros(1, 0).long(), torch.tensor([[1.5, 1.0]]), events, exposure)
    loss, rows = learner().training_loss(batch)
    # The first cause adds 2 in each interval and the second 1; the event is of the first.
    assert loss.item() == pytest.approx((2 + 2 * 0.5 - math.log(2.0)) + (1 + 0.5))
    assert rows == 1


def test_whoever_had_another_event_never_has_that_of_the_first_cause() -> None:
    logs = torch.tensor([0.0, 1.0, 2.0]).reshape(3, 1, 1, 1).repeat(1, 1, 2, 1)
    target = torch.tensor([[3.0, 1.0], [1.0, 2.0], [2.0, 0.0]])
    score, outcome = learner().ranked(logs, target)
    assert outcome.tolist() == [[3, 1], [math.inf, 0], [2, 0]]
    # The first row's event at 3 is compared with the second row, which ended by another at 1, and not with the third.
    assert concordance(score, outcome).item() == 0.0
