"""One fit: its data, its network and loss, what it watches."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from components.core.job import TRAIN, VALIDATION, Meta
from components.core.parts import Training
from components.recipes.shared.rows import TARGET, read_split
from components.recipes.shared.template.params import NumberJob
from components.training.learner import Learner
from components.training.scaling import InUnits, Standardised
from components.training.slices import SliceData
from components.training.start import take_weights


class NumberLearner(Learner):
    """Minimises the squared error; a batch is `(numbers (B, F), target (B, 1))`."""

    def training_loss(self, batch: Any) -> tuple[Tensor, int]:
        return mse_loss(self.network(batch[0]), batch[1]), len(batch[1])

    def validated(self, batch: Any) -> tuple[Tensor, Tensor]:
        return self.network(batch[0]), batch[1]

    def validation_metrics(self, answers: list[tuple[Tensor, Tensor]]) -> dict[str, Tensor]:
        score, target = (torch.cat(parts) for parts in zip(*answers, strict=True))
        return {"loss": mse_loss(score, target)}


def tensors(job: NumberJob, split: str) -> tuple[Tensor, Tensor]:
    rows, columns = read_split(job, split), Meta.read(job.paths.prepared(job.case)).data["columns"]
    return torch.tensor(rows[columns].to_numpy("float32")), torch.tensor(rows[[TARGET]].to_numpy("float32"))


def data_of(job: NumberJob) -> SliceData:
    return SliceData(tensors(job, TRAIN), tensors(job, VALIDATION), job.params.fit)


def learner_of(job: NumberJob, data: SliceData) -> NumberLearner:
    """Of a new network, or of one that goes on from the network of the case that this one starts from."""
    (numbers, target), width = data.train, job.model.width
    first, last = nn.Linear(numbers.shape[1], width), nn.Linear(width, 1)
    network = nn.Sequential(Standardised(numbers), first, nn.ReLU(), last, InUnits(target))
    if job.start is not None:
        take_weights(network, job.start, job.case)
    return NumberLearner(network, job.params.fit)


TRAINING = Training(data_of, learner_of, monitor="val/loss", mode="min")
