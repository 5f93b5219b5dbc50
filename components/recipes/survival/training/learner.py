"""Learning when an event comes, from patients of whom some were only watched for a while."""

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from components.core.params.case import FitParams
from components.training.learner import Groups, Learner

Batch = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]
Objective = Literal["hazard", "cox"]
PAIRS = 4_000_000  # of patients compared at once


class SurvivalLearner(Learner):
    """Minimises the mean loss of each of the network's `k` members.

    The network maps `numeric (B, F), categorical (B, C)` to `(B, k, J)`, the logarithm of the
    cumulative hazard that each of J intervals would add. A batch has besides `target (B, 2)`, years
    and event, or (B, 3) with the years until entry, and over the intervals `events (B, J)` and
    `exposure (B, J)`. `objective` says which
    loss; validation logs it as `val/loss` for the mean hazard, which is what is served, and `val/c_index`.
    """

    def __init__(self, network: nn.Module, objective: Objective, params: FitParams) -> None:
        super().__init__(network, params)
        self.objective = objective

    def forward(self, numeric: Tensor, categorical: Tensor) -> Tensor:
        logs: Tensor = self.network(numeric, categorical)
        return logs

    def training_loss(self, batch: Batch) -> tuple[Tensor, int]:
        numeric, categorical, *outcome = batch
        return LOSSES[self.objective](self(numeric, categorical), *outcome), len(numeric)

    def validated(self, batch: Batch) -> tuple[Tensor, ...]:
        numeric, categorical, *outcome = batch
        mean = self(numeric, categorical).float().exp().mean(dim=1, keepdim=True).log()
        return (mean, *outcome)

    def validation_metrics(self, answers: list[tuple[Tensor, ...]]) -> Mapping[str, Tensor]:
        logs, *outcome = (torch.cat(parts) for parts in zip(*answers, strict=True))
        return {
            "loss": LOSSES[self.objective](logs, *outcome),
            "c_index": concordance(logs.exp().sum(dim=(1, 2)), outcome[0]),
        }

    def parameter_groups(self) -> Groups:
        return [{"params": list(self.network.parameters()), "weight_decay": self.params.weight_decay}]


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
    interval: under proportional hazards it says all. Who had not entered is not at risk.
    """
    if target.shape[1] == 3:
        return _entered_cox_loss(logs[:, :, 0], target)
    time, event = target.unbind(dim=1)
    order = torch.argsort(time, descending=True, stable=True)
    score, time, event = logs[order, :, 0], time[order], event[order]
    last = torch.searchsorted(-time, -time, right=True) - 1  # of those with the same time, all are at risk
    at_risk = torch.logcumsumexp(score, dim=0)[last]
    summed = ((at_risk - score) * event.unsqueeze(1)).sum(dim=0) / event.sum().clamp(min=1)
    return summed.mean()


def _entered_cox_loss(score: Tensor, target: Tensor) -> Tensor:
    """The same of log-hazards (B, k), event by event over who is at risk then."""
    time, event, entry = target.unbind(dim=1)
    summed = torch.zeros_like(score[0])
    for first in torch.nonzero(event == 1)[:, 0].split(max(1, PAIRS // max(1, score.numel()))):
        there = (entry < time[first, None]) & (time >= time[first, None])
        among = torch.where(there.unsqueeze(2), score, -torch.inf).logsumexp(dim=1)
        summed = summed + (among - score[first]).sum(dim=0)
    return (summed / event.sum().clamp(min=1)).mean()


LOSSES = {"hazard": hazard_loss, "cox": cox_loss}


def concordance(score: Tensor, target: Tensor) -> Tensor:
    """Harrell's C of a score (N,) and a target (N, 2) or (N, 3); NaN where no pair can be compared."""
    time, event, *entry = target.unbind(dim=1)
    won, compared = torch.zeros((2,), dtype=torch.float64, device=score.device)
    for first in torch.nonzero(event == 1)[:, 0].split(max(1, PAIRS // max(1, len(time)))):
        known = (time > time[first, None]) | ((time == time[first, None]) & (event == 0))
        if entry:
            known &= entry[0] < time[first, None]
        ahead = score[first, None] - score
        won += ((ahead > 0) & known).sum() + 0.5 * ((ahead == 0) & known).sum()
        compared += known.sum()
    return (won / compared).float()
