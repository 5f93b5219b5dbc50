"""Muon: kernels of convolutions take steps of the same length in every direction, all else takes AdamW's."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim import AdamW

MOMENTUM = 0.95
ROUNDS = 5
QUINTIC = (3.4445, -4.7750, 2.0315)  # singular values above a hundredth go to 0.7..1.2 in five rounds
SMALLEST_NORM = 1e-7


class Muon(AdamW):
    """Every group says by `orthogonal` whether its weights, of two dimensions or more, are stepped by Muon.

    Jordan et al., 2024, https://kellerjordan.github.io/posts/muon. A kernel (outputs, inputs, height, width) is a
    matrix of `outputs` rows. PyTorch's own takes matrices alone and multiplies in bfloat16, which older processors
    emulate.
    """

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            if group["orthogonal"]:
                for weight in group["params"]:
                    self._turn(weight, lr=float(group["lr"]), decay=group["weight_decay"])
        super().step()
        return loss

    def _turn(self, weight: Tensor, *, lr: float, decay: float) -> None:
        if weight.grad is None:
            return
        state = self.state[weight]
        if not state:
            state["step"] = torch.zeros(())  # AdamW looks for it when a checkpoint is read
            state["momentum"] = torch.zeros_like(weight)
        state["step"] += 1
        mean = state["momentum"].mul_(MOMENTUM).add_(weight.grad)
        turned = orthogonal(weight.grad.add(mean, alpha=MOMENTUM).flatten(1))
        taller = max(1.0, turned.shape[0] / turned.shape[1]) ** 0.5
        weight.mul_(1 - lr * decay).add_(turned.reshape(weight.shape), alpha=-lr * taller)
        weight.grad = None  # taken: AdamW passes over it


def orthogonal(matrix: Tensor) -> Tensor:
    """About the matrix (R, C) of the same singular vectors whose singular values are all one.

    The rounds of Newton and Schulz are polynomials of M M', so that they multiply small square matrices alone.
    """
    if matrix.shape[0] > matrix.shape[1]:
        return orthogonal(matrix.T).T
    first, second, third = QUINTIC
    squared = matrix @ matrix.T
    norm = squared.trace().sqrt() + SMALLEST_NORM
    squared, one = squared / norm**2, torch.eye(len(matrix), dtype=matrix.dtype, device=matrix.device)
    product = one
    for _ in range(ROUNDS):
        factor = first * one + second * squared + third * squared @ squared
        product, squared = factor @ product, factor @ squared @ factor
    return product @ matrix / norm
