import numpy as np
import pytest
import torch
from torch import Tensor, nn

from components.recipes.regression.params import LossParams
from components.recipes.regression.training.learner import RAW, MeanAnswer, NumberLearner
from tests.toy.jobs import toy_params


class Given(nn.Module):
    """Two members that answer what they are given, and its negative."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, numeric: Tensor, _categorical: Tensor) -> Tensor:
        return torch.cat([numeric * self.scale, -numeric * self.scale], dim=1)


RAWS, TARGET = torch.tensor([[0.5], [1.0]]), torch.tensor([2.0, 0.0])
CODES = torch.zeros(2, 0, dtype=torch.long)


def learner(kind: str) -> NumberLearner:
    params = toy_params("house_prices").fit
    return NumberLearner(Given(), params, LossParams.model_validate({"kind": kind, "power": 1.5}))


def test_losses_by_hand() -> None:
    raw, target = torch.tensor([0.5, 1.0]), torch.tensor([2.0, 0.0])
    assert RAW["squared"](raw, target, 1.5).item() == pytest.approx((1.5**2 + 1) / 2)
    assert RAW["absolute"](raw, target, 1.5).item() == pytest.approx((1.5 + 1) / 2)
    assert RAW["poisson"](raw, target, 1.5).item() == pytest.approx((np.exp(0.5) - 2 * 0.5 + np.e) / 2)
    # Of power 1.5: 2 * sqrt(mean) + 2 * target / sqrt(mean).
    tweedie = [2 * np.exp(0.25) + 2 * 2 / np.exp(0.25), 2 * np.exp(0.5)]
    assert RAW["tweedie"](raw, target, 1.5).item() == pytest.approx(np.mean(tweedie))


@pytest.mark.parametrize("kind", ["poisson", "tweedie"])
def test_a_deviance_is_least_at_the_mean(kind: str) -> None:
    target = torch.tensor([0.0, 1.0, 5.0])
    raw = torch.tensor(0.0, requires_grad=True)
    at_mean = torch.log(target.mean()).requires_grad_()
    (slope,) = torch.autograd.grad(RAW[kind](at_mean.expand(3), target, 1.5), at_mean)  # type: ignore[index]
    assert slope.item() == pytest.approx(0, abs=1e-6)
    (other,) = torch.autograd.grad(RAW[kind](raw.expand(3), target, 1.5), raw)  # type: ignore[index]
    assert other.item() < -0.1


def test_what_is_served_is_the_mean_of_the_members_answers() -> None:
    assert MeanAnswer(Given(), exponential=False)(RAWS, CODES).tolist() == [0, 0]
    told = MeanAnswer(Given(), exponential=True)(RAWS, CODES)
    assert told.tolist() == pytest.approx([np.cosh(0.5), np.cosh(1.0)])


def test_each_member_learns_and_their_mean_is_validated() -> None:
    loss, rows = learner("squared").training_loss((RAWS, CODES, TARGET))
    assert rows == 2
    assert loss.item() == pytest.approx((1.5**2 + 2.5**2 + 1 + 1) / 4)
    one = learner("squared")
    found = one.validation_metrics([one.validated((RAWS, CODES, TARGET))])
    assert found["loss"].item() == pytest.approx(2)  # both means are 0
    assert found["rmse"].item() == pytest.approx(np.sqrt(2))
    counts = learner("poisson")
    told = counts.validation_metrics([counts.validated((RAWS, CODES, TARGET))])
    means = np.cosh([0.5, 1.0])
    assert told["loss"].item() == pytest.approx((means[0] - 2 * np.log(means[0]) + means[1]) / 2)
