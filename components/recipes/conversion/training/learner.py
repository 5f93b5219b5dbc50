"""Labelling each syllable with one of its characters."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from components.core.params.case import FitParams
from components.recipes.conversion.training.syllable_labeller import SyllableLabeller
from components.training.learner import Groups, Learner

if TYPE_CHECKING:
    from components.recipes.conversion.training.data import Batch


class SyllableLearner(Learner):
    """Minimises the cross-entropy of the characters among the candidates of their syllables.

    A batch is a `components.recipes.conversion.training.data.Batch`. What is validated and served is an average of the
    weights, moved by the share `1 - decay` to the present ones after every `every` steps; a decay of 0 is the
    weights themselves. Logs `val/char_accuracy`, the share of all characters that come first, and `val/loss`,
    over those that are candidates. The learning rate rises to `params.lr`, for the table of n-grams to
    `table_rate` times as much, and falls to `floor` of it.
    """

    network: SyllableLabeller

    def __init__(
        self,
        network: SyllableLabeller,
        params: FitParams,
        *,
        betas: tuple[float, float],
        floor: float,
        table_rate: float,
        decay: float,
        every: int,
    ) -> None:
        super().__init__(network, params)
        self.averaged = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay)).requires_grad_(False)
        self.betas, self.floor, self.table_rate, self.every = betas, floor, table_rate, every

    @property
    def served(self) -> SyllableLabeller:
        """The network of averaged weights."""
        network = self.averaged.module
        assert isinstance(network, SyllableLabeller)
        return network

    def forward(self, network: SyllableLabeller, batch: "Batch") -> tuple[Tensor, Tensor]:
        """Logits `(N, C)` of the N syllables whose character is a candidate, and their targets `(N,)`."""
        asked = batch.target >= 0
        scores = network.scores(network(batch.syllables, batch.windows)[asked], batch.syllables[asked])
        return scores, batch.target[asked]

    def training_loss(self, batch: "Batch") -> tuple[Tensor, int]:
        scores, target = self(self.network, batch)
        loss = functional.cross_entropy(scores, target, reduction="sum") / max(1, len(target))
        return loss, len(target)

    def optimizer_step(self, *arguments: Any, **named: Any) -> None:
        """Averages at once: a checkpoint may be written before the batch's other hooks are called."""
        super().optimizer_step(*arguments, **named)
        # This step is counted after this hook.
        if (self.trainer.global_step + 1) % self.every == 0 or self.trainer.is_last_batch:
            self.averaged.update_parameters(self.network)

    def validated(self, batch: "Batch") -> Tensor:
        scores, target = self(self.served, batch)
        loss = functional.cross_entropy(scores, target, reduction="sum")
        right = (scores.argmax(dim=1) == target).sum()
        counts = (loss, right, (batch.target >= 0).sum(), (batch.syllables > 0).sum())
        return torch.stack([one.double() for one in counts])

    def validation_metrics(self, answers: list[Tensor]) -> Mapping[str, Tensor]:
        loss, right, legal, every = torch.stack(answers).sum(dim=0)
        return {"loss": (loss / legal).float(), "char_accuracy": (right / every).float()}

    def parameter_groups(self) -> Groups:
        return parameter_groups(self.network, self.params, self.table_rate)


def parameter_groups(network: SyllableLabeller, params: FitParams, table_rate: float) -> Groups:
    """Decay for matrices only: biases, norms and rows of tables that few syllables see are left alone."""
    tables = [module.weight for module in network.modules() if isinstance(module, nn.Embedding)]
    others = [weight for weight in network.parameters() if all(weight is not one for one in tables)]
    groups = [
        ([weight for weight in others if weight.ndim > 1], params.weight_decay, 1.0),
        ([weight for weight in others if weight.ndim <= 1], 0.0, 1.0),
        ([weight for weight in tables if weight is not network.window.weight], 0.0, 1.0),
        ([network.window.weight], 0.0, table_rate),
    ]
    return [{"params": own, "weight_decay": decay, "lr": params.lr * rate} for own, decay, rate in groups]
