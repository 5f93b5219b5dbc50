"""Networks of hazards, sized by the cohort."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from components.kits.survival.blocks import HazardParams
from components.kits.survival.training.data import Patients
from components.kits.tables.tabm import TabMNetwork


class HazardNetwork(nn.Module):
    """Log cumulative hazards of J intervals: a baseline, what a patient adds to all, and to each of them.

    `(B, F), (B, C) -> (B, k, J)`, or of K causes `(B, k, K, J)`. `time_varying` scales what is added to single
    intervals; at 0 hazards are proportional and the `members` answer with one number a cause. `baseline` (J,), of
    causes (K, J), is data's, not trained.
    """

    baseline: Tensor

    def __init__(self, members: nn.Module, *, baseline: Tensor, time_varying: float) -> None:
        super().__init__()
        self.members = members
        self.time_varying = time_varying
        self.register_buffer("baseline", baseline)

    def forward(self, numeric: Tensor, categorical: Tensor) -> Tensor:
        answers = self.members(numeric, categorical)
        if self.time_varying == 0:
            return answers.unsqueeze(-1) + self.baseline
        if self.baseline.dim() == 2:
            answers = answers.unflatten(-1, (len(self.baseline), -1))
        return answers[..., :1] + self.time_varying * answers[..., 1:] + self.baseline


class MeanHazard(nn.Module):
    """What is served: the cumulative hazard that each interval adds, averaged over a network's members.

    `(B, F), (B, C) -> (B, J)`, or of K causes `(B, K, J)`.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, numeric: Tensor, categorical: Tensor) -> Tensor:
        return self.network(numeric, categorical).exp().mean(dim=1)


def make_network(rows: Patients, sizes: Sequence[int], params: HazardParams, *, time_varying: float) -> HazardNetwork:
    """A network whose sizes come from the training rows, as does its first baseline; `sizes` are those of the
    categorical columns.
    """
    rate = (rows.events.sum(axis=0) + 0.5) / (rows.exposure.sum(axis=0) + 0.5)
    *causes, intervals = rate.shape
    members = TabMNetwork(
        embedding=None,
        features=rows.encoded.numeric.shape[1],
        cardinalities=sizes,
        k=params.k,
        blocks=params.blocks,
        width=params.width,
        dropout=params.dropout,
        outputs=int(np.prod(causes, dtype=int)) * (1 + intervals if time_varying else 1),
    )
    baseline = torch.from_numpy(np.log(rate).astype(np.float32))
    return HazardNetwork(members, baseline=baseline, time_varying=time_varying)


@torch.no_grad()
def fit_baseline(network: nn.Module, rows: Patients) -> None:
    """Make each interval's baseline the likeliest one for these rows, given what the network says of patients.

    Breslow's estimate over intervals; the partial likelihood that deep Cox learns from knows no baseline.
    """
    assert isinstance(network, HazardNetwork)
    numeric, categorical, _, events, exposure = rows.tensors()
    expected = exposure * MeanHazard(network.eval())(numeric, categorical)
    network.baseline += torch.log((events.sum(dim=0) + 0.5) / (expected.sum(dim=0) + 0.5))
