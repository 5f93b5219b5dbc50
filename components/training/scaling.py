"""Layers that know the training rows' mean and deviation, so that a bundle's graph takes and gives raw numbers."""

import torch
from torch import Tensor, nn


class Standardised(nn.Module):
    """Numbers (B, F) to mean 0 and deviation 1, by the rows (N, F) that it is made of; a constant column to 0."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, rows: Tensor) -> None:
        super().__init__()
        deviation = rows.std(dim=0, unbiased=False)
        self.register_buffer("mean", rows.mean(dim=0))
        self.register_buffer("deviation", torch.where(deviation > 0, deviation, torch.ones_like(deviation)))

    def forward(self, numbers: Tensor) -> Tensor:
        return (numbers - self.mean) / self.deviation


class InUnits(Standardised):
    """The way back: numbers of mean 0 and deviation 1 to those of the rows."""

    def forward(self, numbers: Tensor) -> Tensor:
        return numbers * self.deviation + self.mean
