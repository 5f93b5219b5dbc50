import math

import pytest
import torch
from torch import Tensor, nn

from components.kits.survival.training.learner import concordance
from components.recipes.survival.training import learner as survival
from components.recipes.survival.training.learner import SurvivalLearner, cox_loss
from tests.toy.jobs import toy_params

HALF = math.log(0.5)
EMPTY = torch.empty(0)


def test_the_partial_likelihood_with_tied_events() -> None:
    score = torch.tensor([0.0, 1.0, 2.0, 0.5]).reshape(4, 1, 1)
    target = torch.tensor([[3.0, 0.0], [1.0, 1.0], [1.0, 1.0], [2.0, 1.0]])
    everybody = math.log(math.exp(0.0) + math.exp(1.0) + math.exp(2.0) + math.exp(0.5))
    later = math.log(math.exp(0.0) + math.exp(0.5))
    expected = ((everybody - 1) + (everybody - 2) + (later - 0.5)) / 3
    assert cox_loss(score, target, EMPTY, EMPTY).item() == pytest.approx(expected, rel=1e-6)


def test_the_partial_likelihood_does_not_know_a_baseline() -> None:
    score, target = torch.randn(6, 2, 3), torch.stack([torch.arange(6.0), torch.tensor([1.0, 0, 1, 1, 0, 1])], dim=1)
    shifted = cox_loss(score + 5, target, EMPTY, EMPTY)
    assert shifted.item() == pytest.approx(cox_loss(score, target, EMPTY, EMPTY).item(), rel=1e-5)


def test_a_batch_without_events_has_no_partial_likelihood() -> None:
    assert cox_loss(torch.randn(3, 1, 1), torch.tensor([[1.0, 0]] * 3), EMPTY, EMPTY).item() == 0


class Constant(nn.Module):
    """Two members and two intervals of one weight each."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2, 2))

    def forward(self, numeric: Tensor, categorical: Tensor) -> Tensor:  # noqa: ARG002
        return self.weight.expand(len(numeric), 2, 2)


@pytest.mark.parametrize("objective", ["hazard", "cox"])
def test_validation_scores_the_mean_hazard(objective: str, monkeypatch: pytest.MonkeyPatch) -> None:
    learner = SurvivalLearner(Constant(), objective, toy_params("medical_prognosis").fit)  # type: ignore[arg-type]
    with torch.no_grad():
        learner.network.weight.copy_(torch.tensor([[0.0, 0.0], [math.log(3.0), 0.0]]))
    logged: dict[str, float] = {}
    monkeypatch.setattr(learner, "log", lambda name, value, **_: logged.__setitem__(name, float(value.detach())))
    target = torch.tensor([[1.0, 1.0], [2.0, 0.0]])
    events, exposure = torch.tensor([[1.0, 0.0], [0.0, 0.0]]), torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    learner.validation_step((torch.zeros(2, 1), torch.zeros(2, 0).long(), target, events, exposure), 0)
    learner.on_validation_epoch_end()
    # The mean hazard is 2 in the first interval and 1 in the second; the partial likelihood sees two equals.
    expected = {"hazard": ((2 - math.log(2.0)) + (2 + 1)) / 2, "cox": math.log(2.0)}[objective]
    assert logged["val/loss"] == pytest.approx(expected, rel=1e-6)
    assert logged["val/c_index"] == 0.5


def test_the_partial_likelihood_leaves_out_who_had_not_entered(monkeypatch: pytest.MonkeyPatch) -> None:
    score = torch.tensor([[0.0, 0.3], [1.0, 0.1], [2.0, 0.2], [0.5, 0.7]]).unsqueeze(2)
    # The first enters at 1, as the tied events come; the last enters after the second of them is over.
    target = torch.tensor([[3.0, 0.0, 1.0], [1.0, 1.0, 0.0], [1.0, 1.0, 0.5], [2.0, 1.0, 1.5]])
    expected = 0.0
    for first, second, third, last in score[:, :, 0].T.tolist():
        both, later = math.log(math.exp(second) + math.exp(third)), math.log(math.exp(first) + math.exp(last))
        expected += ((both - second) + (both - third) + (later - last)) / 3 / 2
    assert cox_loss(score, target, EMPTY, EMPTY).item() == pytest.approx(expected, rel=1e-6)
    monkeypatch.setattr(survival, "PAIRS", 1)
    assert cox_loss(score, target, EMPTY, EMPTY).item() == pytest.approx(expected, rel=1e-6)


def test_entries_at_time_zero_change_no_loss() -> None:
    random = torch.Generator().manual_seed(0)
    score, time = torch.rand((30, 2, 1), generator=random), torch.rand(30, generator=random).round(decimals=1) + 0.1
    target = torch.stack([time, (torch.rand(30, generator=random) < 0.6).float()], dim=1)
    entered = torch.cat([target, torch.zeros(30, 1)], dim=1)
    assert cox_loss(score, entered, EMPTY, EMPTY).item() == pytest.approx(cox_loss(score, target, EMPTY, EMPTY).item())
    assert concordance(score[:, 0, 0], entered) == concordance(score[:, 0, 0], target)
