"""Schedules of the learning rate over a fit's steps: each rises to its height and falls along half a cosine."""

import math

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR


class WarmupCosine:
    """Factor of the learning rate: linear from 0 to 1, then half a cosine down to 0.

    A class and not a closure, because `LambdaLR` keeps it in its state.
    """

    def __init__(self, steps: int, warmup_fraction: float) -> None:
        self.steps = max(1, steps)
        self.warmup = max(1, round(warmup_fraction * steps))

    def __call__(self, step: int) -> float:
        if step < self.warmup:
            return (step + 1) / self.warmup
        done = min(1.0, (step - self.warmup) / max(1, self.steps - self.warmup))
        return 0.5 * (1 + math.cos(math.pi * done))


def rates(optimizer: Optimizer, steps: int, *, warmup_fraction: float, floor: float | None) -> LRScheduler:
    """From and to `floor` of each group's rate, both along cosines; without one as `WarmupCosine`, down to 0."""
    if floor is None:
        return LambdaLR(optimizer, WarmupCosine(steps, warmup_fraction))
    return OneCycleLR(
        optimizer,
        max_lr=[group["lr"] for group in optimizer.param_groups],
        total_steps=steps,
        pct_start=warmup_fraction,
        cycle_momentum=False,
        div_factor=1 / floor,
        final_div_factor=1.0,
    )
