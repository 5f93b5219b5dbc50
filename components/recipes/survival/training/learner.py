"""Learning when an event comes, by one of two likelihoods."""

from typing import Literal

import torch
from torch import Tensor, nn

from components.core.params.case import FitParams
from components.kits.survival.training.learner import PAIRS, HazardLearner, hazard_loss

Objective = Literal["hazard", "cox"]


class SurvivalLearner(HazardLearner):
    """`objective` says which loss is minimised."""

    def __init__(self, network: nn.Module, objective: Objective, params: FitParams) -> None:
        super().__init__(network, params)
        self.objective = objective

    def loss(self, logs: Tensor, target: Tensor, events: Tensor, exposure: Tensor) -> Tensor:
        return LOSSES[self.objective](logs, target, events, exposure)


def cox_loss(logs: Tensor, target: Tensor, events: Tensor, exposure: Tensor) -> Tensor:  # noqa: ARG001 - one signature
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
