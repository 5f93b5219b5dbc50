"""Two-class learning with an ensemble of logits."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits
from torchmetrics.functional.classification import binary_auroc

from components.kits.tables.learning.network import weight_decay_groups
from components.training.learner import Groups, Learner

Batch = tuple[Tensor, Tensor, Tensor]
SMALLEST_PROBABILITY = 1e-7


class BinaryLearner(Learner):
    """Minimises the mean cross-entropy of each of the network's `k` members.

    A batch is `(numeric (B, F), categorical (B, C), target (B,) in {0, 1})`. Validation logs
    `val/loss` (of the mean probability, which is what is served) and `val/auc`.
    """

    def forward(self, numeric: Tensor, categorical: Tensor) -> Tensor:
        logits: Tensor = self.network(numeric, categorical)
        return logits

    def training_loss(self, batch: Batch) -> tuple[Tensor, int]:
        numeric, categorical, target = batch
        logits = self(numeric, categorical)
        return binary_cross_entropy_with_logits(logits, target.unsqueeze(1).expand_as(logits)), len(target)

    def validated(self, batch: Batch) -> tuple[Tensor, Tensor]:
        numeric, categorical, target = batch
        return torch.sigmoid(self(numeric, categorical)).mean(dim=1), target

    def validation_metrics(self, answers: list[tuple[Tensor, Tensor]]) -> Mapping[str, Tensor]:
        probability = torch.cat([score for score, _ in answers]).float()
        target = torch.cat([target for _, target in answers])
        return {
            "loss": _cross_entropy(probability, target),
            "auc": binary_auroc(probability, target.long()),
        }

    def parameter_groups(self) -> Groups:
        return weight_decay_groups(self.network, self.params.weight_decay)


def _cross_entropy(probability: Tensor, target: Tensor) -> Tensor:
    """Of probabilities `(N,)`; NaN stays NaN, where torch's own function would raise."""
    probability = probability.clamp(SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return -torch.where(target > 0.5, probability.log(), (1 - probability).log()).mean()
