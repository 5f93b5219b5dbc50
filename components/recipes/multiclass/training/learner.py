"""Learning of several classes with an ensemble of logits."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, nll_loss

from components.core.params.case import FitParams
from components.kits.tables.learning.network import weight_decay_groups
from components.training.learner import Groups, Learner

Batch = tuple[Tensor, Tensor, Tensor]
SMALLEST_PROBABILITY = 1e-7


class MeanShare(nn.Module):
    """What is served: the mean over a network's members of the probability of each class.

    `(B, F), (B, C) -> (B, classes)`, 1 in a row.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, numeric: Tensor, categorical: Tensor) -> Tensor:
        return torch.softmax(self.network(numeric, categorical), dim=2).mean(dim=1)


class ClassLearner(Learner):
    """Minimises the mean cross-entropy of each of the network's `k` members.

    A batch is `(numeric (B, F), categorical (B, C), target (B,) codes)`; a teacher's targets are probabilities `(B,
    classes)`. Validation logs `val/loss` (of the mean probability, which is what is served) and `val/accuracy`.

    The buffer `epochs` says how many of them these weights have learned for.
    """

    epochs: Tensor

    def __init__(self, network: nn.Module, params: FitParams) -> None:
        super().__init__(network, params)
        self.register_buffer("epochs", torch.zeros((), dtype=torch.long))

    def forward(self, numeric: Tensor, categorical: Tensor) -> Tensor:
        """`(B, k, classes)` logits."""
        logits: Tensor = self.network(numeric, categorical)
        return logits

    def training_loss(self, batch: Batch) -> tuple[Tensor, int]:
        numeric, categorical, target = batch
        logits = self(numeric, categorical)
        wanted = target.long() if target.ndim == 1 else target
        each = wanted.repeat_interleave(logits.shape[1], dim=0)
        return cross_entropy(logits.flatten(0, 1), each), len(target)

    def validated(self, batch: Batch) -> tuple[Tensor, Tensor]:
        numeric, categorical, target = batch
        return torch.softmax(self(numeric, categorical), dim=2).mean(dim=1), target.long()

    def validation_metrics(self, answers: list[tuple[Tensor, Tensor]]) -> Mapping[str, Tensor]:
        probability = torch.cat([score for score, _ in answers]).float()
        target = torch.cat([target for _, target in answers])
        return {
            "loss": nll_loss(probability.clamp(min=SMALLEST_PROBABILITY).log(), target),
            "accuracy": (probability.argmax(dim=1) == target).float().mean(),
        }

    def on_validation_epoch_end(self) -> None:
        super().on_validation_epoch_end()
        self.epochs.fill_(self.current_epoch + 1)

    def parameter_groups(self) -> Groups:
        return weight_decay_groups(self.network, self.params.weight_decay)
