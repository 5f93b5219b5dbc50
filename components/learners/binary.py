"""Two-class learning with an ensemble of logits."""

import math
from typing import Any

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from torchmetrics.functional.classification import binary_auroc

from components.learners.gather import of_all_processes
from components.params import FitParams
from components.seeds import derived_seed

Batch = tuple[Tensor, Tensor, Tensor]
SMALLEST_PROBABILITY = 1e-7


class BinaryLearner(LightningModule):
    """Minimises the mean cross-entropy of each of the network's `k` members.

    A batch is `(numeric (B, F), categorical (B, C), target (B,) in {0, 1})`. Validation logs
    `val/loss` (of the mean probability, which is what is served) and `val/auc`.
    """

    def __init__(self, network: nn.Module, params: FitParams) -> None:
        super().__init__()
        self.network = network
        self.params = params
        self._training: list[tuple[Tensor, int]] = []
        self._validation: list[tuple[Tensor, Tensor]] = []

    def forward(self, numeric: Tensor, categorical: Tensor) -> Tensor:
        logits: Tensor = self.network(numeric, categorical)
        return logits

    def _step(self, batch: Batch) -> tuple[Tensor, Tensor]:
        numeric, categorical, target = batch
        logits = self(numeric, categorical)
        loss = binary_cross_entropy_with_logits(logits, target.unsqueeze(1).expand_as(logits))
        return loss, logits

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002 - Lightning's signature
        # Dropout draws from the global generator, which no checkpoint holds: seeding it by position
        # makes a resumed run draw what the undisturbed one would have drawn.
        torch.default_generator.manual_seed(
            derived_seed(self.params.seed + self.global_rank, self.current_epoch, batch_idx)
        )

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:  # noqa: ARG002
        loss, _ = self._step(batch)
        self._training.append((loss.detach(), len(batch[0])))
        return loss

    def on_train_batch_end(self, outputs: Any, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002
        # Told to Lightning once an epoch: `log` at each step would cost a tenth of this network's step.
        if self.trainer.is_last_batch or self.trainer.should_stop:
            rows = sum(count for _, count in self._training)
            mean = torch.stack([loss * count for loss, count in self._training]).sum() / rows
            self._training.clear()
            self.log("train/loss", mean, on_step=False, on_epoch=True, batch_size=rows, sync_dist=True)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002
        _, logits = self._step(batch)
        self._validation.append((torch.sigmoid(logits).mean(dim=1), batch[2]))

    def on_validation_epoch_end(self) -> None:
        answers = of_all_processes(self, self._validation)
        probability = torch.cat([score for score, _ in answers]).float()
        target = torch.cat([target for _, target in answers])
        self._validation.clear()
        self.log("val/loss", _cross_entropy(probability, target), sync_dist=True)
        self.log("val/auc", binary_auroc(probability, target.long()), sync_dist=True)

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        groups = weight_decay_groups(self.network, self.params.weight_decay)
        # Lightning cannot clip for a fused optimizer under mixed precision.
        fused = not self.params.precision.endswith("-mixed")
        optimizer = AdamW(groups, lr=self.params.lr, fused=fused or None)
        steps = int(self.trainer.estimated_stepping_batches)
        scheduler = LambdaLR(optimizer, WarmupCosine(steps, self.params.warmup_fraction))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}


class WarmupCosine:
    """Factor of the learning rate: linear from 0 to 1, then half a cosine down to 0.

    A class and not a closure, because `LambdaLR` keeps it in its state.
    """

    def __init__(self, steps: int, warmup_fraction: float) -> None:
        self.steps = max(1, steps)
        self.warmup = max(1, round(warmup_fraction * steps))

    def __call__(self, step: int) -> float:
        if step < self.warmup:
            return (step + 1) / self.warmup
        done = min(1.0, (step - self.warmup) / max(1, self.steps - self.warmup))
        return 0.5 * (1 + math.cos(math.pi * done))


def _cross_entropy(probability: Tensor, target: Tensor) -> Tensor:
    """Of probabilities `(N,)`; NaN stays NaN, where torch's own function would raise."""
    probability = probability.clamp(SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return -torch.where(target > 0.5, probability.log(), (1 - probability).log()).mean()


def weight_decay_groups(network: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Decay for weight matrices only: biases, and TabM's per-member scales `r` and `s`, are left alone."""
    decayed: list[nn.Parameter] = []
    free: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        is_matrix = parameter.ndim > 1 and name.rsplit(".", 1)[-1] not in {"r", "s", "bias"}
        (decayed if is_matrix else free).append(parameter)
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": free, "weight_decay": 0.0}]
