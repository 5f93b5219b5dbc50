"""Learning a number with an ensemble of answers."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss, mse_loss

from components.core.params.case import FitParams
from components.kits.tables.learning.network import weight_decay_groups
from components.recipes.regression.metrics.losses import LARGEST_RAW, LOSSES
from components.recipes.regression.params import Kind, LossParams
from components.training.learner import Groups, Learner

Batch = tuple[Tensor, Tensor, Tensor]
SMALLEST_MEAN = 1e-9  # of a count, next to one that is typical: it has a logarithm


class NumberLearner(Learner):
    """Minimises the mean loss of each of the network's `k` members.

    A batch is `(numeric (B, F), categorical (B, C), target (B,))`, the target on the scale of `Units`. Validation logs
    `val/loss` and `val/rmse` of the members' mean, which is what is served, on that scale.
    """

    def __init__(self, network: nn.Module, params: FitParams, loss: LossParams) -> None:
        super().__init__(network, params)
        self.loss = loss

    def forward(self, numeric: Tensor, categorical: Tensor) -> Tensor:
        answers: Tensor = self.network(numeric, categorical)
        return answers

    @property
    def served(self) -> "MeanAnswer":
        return MeanAnswer(self.network, exponential=LOSSES[self.loss.kind].exponential)

    def training_loss(self, batch: Batch) -> tuple[Tensor, int]:
        numeric, categorical, target = batch
        raw = self(numeric, categorical)
        return RAW[self.loss.kind](raw, target.unsqueeze(1).expand_as(raw), self.loss.power), len(target)

    def validated(self, batch: Batch) -> tuple[Tensor, Tensor]:
        numeric, categorical, target = batch
        return self.served(numeric, categorical), target

    def validation_metrics(self, answers: list[tuple[Tensor, Tensor]]) -> Mapping[str, Tensor]:
        told = torch.cat([answer for answer, _ in answers]).float()
        target = torch.cat([target for _, target in answers])
        raw = told.clamp_min(SMALLEST_MEAN).log() if LOSSES[self.loss.kind].exponential else told
        return {
            "loss": RAW[self.loss.kind](raw, target, self.loss.power),
            "rmse": (told - target).square().mean().sqrt(),
        }

    def parameter_groups(self) -> Groups:
        return weight_decay_groups(self.network, self.params.weight_decay)


class MeanAnswer(nn.Module):
    """What is served: the mean answer over a network's members, those of an exponential loss above 0.

    `(B, F), (B, C) -> (B,)`.
    """

    def __init__(self, network: nn.Module, *, exponential: bool) -> None:
        super().__init__()
        self.network = network
        self.exponential = exponential

    def forward(self, numeric: Tensor, categorical: Tensor) -> Tensor:
        raw: Tensor = self.network(numeric, categorical)
        return (raw.clamp_max(LARGEST_RAW).exp() if self.exponential else raw).mean(dim=1)


def _poisson(raw: Tensor, target: Tensor, _power: float) -> Tensor:
    """The deviance of counts, but for what does not depend on the answer."""
    raw = raw.clamp_max(LARGEST_RAW)
    return (raw.exp() - target * raw).mean()


def _tweedie(raw: Tensor, target: Tensor, power: float) -> Tensor:
    """The deviance of amounts whose variance grows with the mean to the `power`, likewise."""
    raw = raw.clamp_max(LARGEST_RAW)
    return (((2 - power) * raw).exp() / (2 - power) - target * ((1 - power) * raw).exp() / (1 - power)).mean()


RAW: Mapping[Kind, Callable[[Tensor, Tensor, float], Tensor]] = {
    "squared": lambda raw, target, _power: mse_loss(raw, target),
    "absolute": lambda raw, target, _power: l1_loss(raw, target),
    "log": lambda raw, target, _power: mse_loss(raw, target),
    "poisson": _poisson,
    "tweedie": _tweedie,
}
