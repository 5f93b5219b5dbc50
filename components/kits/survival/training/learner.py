"""Learning hazards that are constant in each interval, from people of whom some were only watched for a while."""

from collections.abc import Mapping

import torch
from torch import Tensor

from components.training.learner import Groups, Learner

Batch = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]
PAIRS = 4_000_000  # of people compared at once


class HazardLearner(Learner):
    """Minimises the mean loss of each of the network's `k` members.

    The network maps `numeric (B, F), categorical (B, C)` to `(B, k, J)`, the logarithm of the cumulative hazard that
    each of J intervals would add, or of K causes of the end to `(B, k, K, J)`. A batch has besides `target (B, 2)`,
    years and event, or (B, 3) with the years until entry, and over the intervals `events` and `exposure`: (B, J), of
    causes (B, K, J) and (B, 1, J). Validation logs the loss as `val/loss` for the mean hazard, which is what is served,
    and `val/c_index`, of what `ranked` says.
    """

    def forward(self, numeric: Tensor, categorical: Tensor) -> Tensor:
        logs: Tensor = self.network(numeric, categorical)
        return logs

    def loss(self, logs: Tensor, target: Tensor, events: Tensor, exposure: Tensor) -> Tensor:
        return hazard_loss(logs, target, events, exposure)

    def ranked(self, logs: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Of the logarithms of mean hazards (N, 1, ...) and all targets, a score (N,) and a target of 0 and 1."""
        return logs.exp().sum(dim=(1, 2)), target

    def training_loss(self, batch: Batch) -> tuple[Tensor, int]:
        numeric, categorical, *outcome = batch
        return self.loss(self(numeric, categorical), *outcome), len(numeric)

    def validated(self, batch: Batch) -> tuple[Tensor, ...]:
        numeric, categorical, *outcome = batch
        mean = self(numeric, categorical).float().exp().mean(dim=1, keepdim=True).log()
        return (mean, *outcome)

    def validation_metrics(self, answers: list[tuple[Tensor, ...]]) -> Mapping[str, Tensor]:
        logs, *outcome = (torch.cat(parts) for parts in zip(*answers, strict=True))
        return {"loss": self.loss(logs, *outcome), "c_index": concordance(*self.ranked(logs, outcome[0]))}

    def parameter_groups(self) -> Groups:
        return [{"params": list(self.network.parameters()), "weight_decay": self.params.weight_decay}]


def hazard_loss(logs: Tensor, target: Tensor, events: Tensor, exposure: Tensor) -> Tensor:  # noqa: ARG001 - one signature
    """Mean negative log-likelihood of a hazard that is constant in each interval, less a constant of the rows.

    Kvamme and Borgan, Continuous and discrete-time survival prediction with neural networks (2021),
    `(B, k, J), (B, J), (B, J) -> ()`. Of several causes it is the sum of theirs, each of which sees the others' events
    as censoring (Prentice et al., The analysis of failure times in the presence of competing risks, Biometrics, 1978):
    `(B, k, K, J), (B, K, J), (B, 1, J) -> ()`. Events may be expected ones, of a teacher: fractions.
    """
    added = exposure.unsqueeze(1) * logs.exp()
    return (added - events.unsqueeze(1) * logs).flatten(2).sum(dim=2).mean()


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
