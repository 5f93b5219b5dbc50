"""Network of hazards and its learner, sized by the cohort."""

import numpy as np
import torch
from torch import Tensor, nn

from components.kits.tables.tabm import TabMNetwork
from components.recipes.survival.params.params import NetworkParams, SurvivalJob
from components.recipes.survival.training.data import CohortData, Patients
from components.recipes.survival.training.learner import SurvivalLearner


class HazardNetwork(nn.Module):
    """Log cumulative hazards of J intervals: a baseline, what a patient adds to all, and to each of them.

    `(B, F), (B, C) -> (B, k, J)`. `time_varying` scales what is added to single intervals; at 0 hazards
    are proportional and the `members` answer with one number. `baseline` (J,) is data's, not trained.
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
        return answers[..., :1] + self.time_varying * answers[..., 1:] + self.baseline


class MeanHazard(nn.Module):
    """What is served: the cumulative hazard that each interval adds, averaged over a network's members.

    `(B, F), (B, C) -> (B, J)`.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, numeric: Tensor, categorical: Tensor) -> Tensor:
        return self.network(numeric, categorical).exp().mean(dim=1)


def make_learner(job: SurvivalJob, data: CohortData, params: NetworkParams) -> SurvivalLearner:
    """A learner whose sizes come from the data, and its first baseline from the training rows."""
    train = data.parts[0]
    varying = 0.0 if params.objective == "cox" else params.time_varying
    members = TabMNetwork(
        embedding=None,
        features=train.encoded.numeric.shape[1],
        cardinalities=data.encoder.sizes,
        k=params.k,
        blocks=params.blocks,
        width=params.width,
        dropout=params.dropout,
        outputs=1 + len(data.edges) if varying else 1,
    )
    rate = (train.events.sum(axis=0) + 0.5) / (train.exposure.sum(axis=0) + 0.5)
    baseline = torch.from_numpy(np.log(rate).astype(np.float32))
    network = HazardNetwork(members, baseline=baseline, time_varying=varying)
    return SurvivalLearner(network, params.objective, job.params.fit)


@torch.no_grad()
def fit_baseline(learner: SurvivalLearner, rows: Patients) -> None:
    """Make each interval's baseline the likeliest one for these rows, given what the network says of patients.

    Breslow's estimate over intervals; the partial likelihood that deep Cox learns from knows no baseline.
    """
    network = learner.eval().network
    assert isinstance(network, HazardNetwork)
    numeric, categorical, _, events, exposure = rows.tensors()
    expected = exposure * MeanHazard(network)(numeric, categorical)
    network.baseline += torch.log((events.sum(dim=0) + 0.5) / (expected.sum(dim=0) + 0.5))
