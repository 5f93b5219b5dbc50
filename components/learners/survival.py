"""Learning when an event comes, from patients of whom some were only watched for a while."""

import math
from functools import partial
from typing import Any, Literal

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor, nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from components.learners.gather import of_all_processes
from components.params import FitParams
from components.seeds import derived_seed

Batch = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]
Objective = Literal["hazard", "cox"]
PAIRS = 4_000_000  # of patients compared at once


class SurvivalLearner(LightningModule):
    """Minimises the mean loss of each of the network's `k` members.

    The network maps `numeric (B, F), categorical (B, C)` to `(B, k, J)`, the logarithm of the
    cumulative hazard that each of J intervals would add. A batch has besides `target (B, 2)`, years
    and event, and over the intervals `events (B, J)` and `exposure (B, J)`. `objective` says which
    loss; validation logs it as `val/loss` for the mean hazard, which is what is served, and `val/c_index`.
    """

    def __init__(self, network: nn.Module, objective: Objective, params: FitParams) -> None:
        super().__init__()
        self.network = network
        self.objective = objective
        self.params = params
        self._training: list[tuple[Tensor, int]] = []
        self._validation: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []

    def forward(self, numeric: Tensor, categorical: Tensor) -> Tensor:
        logs: Tensor = self.network(numeric, categorical)
        return logs

    def _step(self, batch: Batch) -> tuple[Tensor, Tensor]:
        numeric, categorical, *outcome = batch
        logs = self(numeric, categorical)
        return LOSSES[self.objective](logs, *outcome), logs

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
        _, logs = self._step(batch)
        mean = logs.float().exp().mean(dim=1, keepdim=True).log()
        self._validation.append((mean, *batch[2:]))

    def on_validation_epoch_end(self) -> None:
        logs, *outcome = (torch.cat(parts) for parts in zip(*of_all_processes(self, self._validation), strict=True))
        self._validation.clear()
        self.log("val/loss", LOSSES[self.objective](logs, *outcome), sync_dist=True)
        self.log("val/c_index", concordance(logs.exp().sum(dim=(1, 2)), outcome[0]), sync_dist=True)

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        params, steps = self.params, int(self.trainer.estimated_stepping_batches)
        # Lightning cannot clip for a fused optimizer under mixed precision.
        fused = not params.precision.endswith("-mixed") or None
        optimizer = AdamW(self.network.parameters(), lr=params.lr, weight_decay=params.weight_decay, fused=fused)
        warmup = max(1, round(params.warmup_fraction * steps))
        # torch's OneCycleLR divides by zero where the warm-up is one step.
        scheduler = LambdaLR(optimizer, partial(rate_factor, warmup=warmup, steps=steps))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}


def rate_factor(step: int, *, warmup: int, steps: int) -> float:
    """Of the learning rate: up to 1 in a straight line, then half a cosine down to 0."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warmup) / max(1, steps - warmup))))


def hazard_loss(logs: Tensor, target: Tensor, events: Tensor, exposure: Tensor) -> Tensor:  # noqa: ARG001 - one signature
    """Mean negative log-likelihood of a hazard that is constant in each interval, less a constant of the rows.

    Kvamme and Borgan, Continuous and discrete-time survival prediction with neural networks (2021),
    `(B, k, J), (B, J), (B, J) -> ()`. Events may be expected ones, of a teacher: fractions.
    """
    added = exposure.unsqueeze(1) * logs.exp()
    return (added - events.unsqueeze(1) * logs).sum(dim=2).mean()


def cox_loss(logs: Tensor, target: Tensor, events: Tensor, exposure: Tensor) -> Tensor:  # noqa: ARG001
    """Mean negative partial log-likelihood of an event, the batch being all who are at risk.

    Katzman et al., DeepSurv (2018); ties as Breslow has them. The log-hazard is that of the first
    interval: under proportional hazards it says all.
    """
    time, event = target.unbind(dim=1)
    order = torch.argsort(time, descending=True, stable=True)
    score, time, event = logs[order, :, 0], time[order], event[order]
    last = torch.searchsorted(-time, -time, right=True) - 1  # of those with the same time, all are at risk
    at_risk = torch.logcumsumexp(score, dim=0)[last]
    summed = ((at_risk - score) * event.unsqueeze(1)).sum(dim=0) / event.sum().clamp(min=1)
    return summed.mean()


LOSSES = {"hazard": hazard_loss, "cox": cox_loss}


def concordance(score: Tensor, target: Tensor) -> Tensor:
    """Harrell's C of a score (N,) and a target (N, 2); NaN where no pair can be compared."""
    time, event = target.unbind(dim=1)
    won, compared = torch.zeros((2,), dtype=torch.float64, device=score.device)
    for first in torch.nonzero(event == 1)[:, 0].split(max(1, PAIRS // max(1, len(time)))):
        known = (time > time[first, None]) | ((time == time[first, None]) & (event == 0))
        ahead = score[first, None] - score
        won += ((ahead > 0) & known).sum() + 0.5 * ((ahead == 0) & known).sum()
        compared += known.sum()
    return (won / compared).float()
