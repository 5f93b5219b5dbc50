import math

import pytest
import torch
from torch.optim import SGD

from components.training.schedules import WarmupCosine, rates


def test_the_rate_rises_in_a_line_and_falls_along_half_a_cosine() -> None:
    factor = WarmupCosine(steps=10, warmup_fraction=0.2)
    assert [factor(step) for step in (0, 1)] == [1 / 2, 2 / 2]
    assert factor(2) == 0.5 * (1 + math.cos(0)) == 1
    assert factor(6) == pytest.approx(0.5 * (1 + math.cos(math.pi * 4 / 8)))
    assert factor(9) == pytest.approx(0.5 * (1 + math.cos(math.pi * 7 / 8)))
    assert factor(10) == pytest.approx(0)
    assert factor(11) == pytest.approx(0)  # a step too many does not start a new wave


def test_the_shortest_schedules_are_defined() -> None:
    assert WarmupCosine(steps=1, warmup_fraction=0.0)(0) == 1
    assert WarmupCosine(steps=0, warmup_fraction=0.1)(0) == 1


def stepped(floor: float | None) -> list[list[float]]:
    """The rates of two groups, of heights 1 and 4, at each of ten steps."""
    optimizer = SGD([{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": height} for height in (1.0, 4.0)])
    schedule, found = rates(optimizer, 10, warmup_fraction=0.2, floor=floor), []
    for _ in range(10):
        found.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        schedule.step()
    return found


def test_without_a_floor_every_group_follows_the_line_and_the_cosine() -> None:
    factor = WarmupCosine(steps=10, warmup_fraction=0.2)
    assert stepped(None) == [[factor(step), 4 * factor(step)] for step in range(10)]


def test_with_a_floor_every_group_starts_and_ends_at_that_share_of_its_height() -> None:
    found = stepped(0.1)
    assert found[0] == pytest.approx([0.1, 0.4])
    assert found[1] == pytest.approx([1.0, 4.0])  # the warm-up ends one step before a fifth of ten
    half = 0.1 + 0.9 * (1 + math.cos(math.pi / 2)) / 2
    assert found[5] == pytest.approx([half, 4 * half])  # in the middle between 1 and 9
    assert found[9] == pytest.approx([0.1, 0.4])
