"""Magnitude pruning: the smallest weights become zero and stay zero while the rest adapts."""

from collections.abc import Iterator

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor, nn


def prunable(network: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Weight matrices of linear maps: large enough to have weights to spare."""
    for name, parameter in network.named_parameters():
        if parameter.ndim >= 2 and name.rsplit(".", 1)[-1] == "weight":
            yield name, parameter


@torch.no_grad()
def magnitude_masks(network: nn.Module, amount: float) -> dict[str, Tensor]:
    """For each weight matrix 1 where it is kept; the share `amount` of smallest weights, over all
    matrices together, is dropped (Han et al., 2015, arXiv:1506.02626).
    """
    weights = dict(prunable(network))
    magnitudes = torch.cat([weight.abs().flatten() for weight in weights.values()])
    threshold = magnitudes.kthvalue(max(1, round(amount * len(magnitudes)))).values
    return {name: (weight.abs() > threshold).to(weight.dtype) for name, weight in weights.items()}


@torch.no_grad()
def apply_masks(network: nn.Module, masks: dict[str, Tensor]) -> None:
    for name, weight in prunable(network):
        weight.mul_(masks[name].to(weight.device))


class HoldMasks(Callback):
    """Sets pruned weights back to zero after every step, so that what is exported is what was trained."""

    def __init__(self, masks: dict[str, Tensor]) -> None:
        self.masks = masks

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: object) -> None:  # noqa: ARG002
        network = pl_module.network
        assert isinstance(network, nn.Module)
        apply_masks(network, self.masks)
