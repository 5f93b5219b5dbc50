import math

import pytest
import torch
from sksurv.metrics import concordance_index_censored

from components.kits.survival.training import learner as hazards
from components.kits.survival.training.learner import concordance, hazard_loss

HALF = math.log(0.5)
EMPTY = torch.empty(0)


def test_the_hazard_loss_is_the_negative_log_likelihood() -> None:
    # One member, two intervals that add 0.5 and 2 to the cumulative hazard.
    logs = torch.tensor([[[HALF, math.log(2.0)]]]).repeat(2, 1, 1)
    events = torch.tensor([[0.0, 1.0], [0.0, 0.0]])
    exposure = torch.tensor([[1.0, 0.25], [0.5, 0.0]])
    first = 0.5 + 2 * 0.25 - math.log(2.0)
    second = 0.5 * 0.5
    assert hazard_loss(logs, EMPTY, events, exposure).item() == pytest.approx((first + second) / 2)


def test_members_are_averaged() -> None:
    logs = torch.tensor([[[HALF], [math.log(2.0)]]])
    events, exposure = torch.ones(1, 1), torch.ones(1, 1)
    expected = ((0.5 - HALF) + (2 - math.log(2.0))) / 2
    assert hazard_loss(logs, EMPTY, events, exposure).item() == pytest.approx(expected)


def test_concordance_is_harrells() -> None:
    generator = torch.Generator().manual_seed(0)
    time = torch.randint(1, 9, (60,), generator=generator).float()
    event = torch.rand(60, generator=generator) < 0.6
    score = torch.randint(0, 5, (60,), generator=generator).float()
    expected = concordance_index_censored(event.numpy(), time.numpy(), score.numpy())[0]
    found = concordance(score, torch.stack([time, event.float()], dim=1))
    assert found.item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("pairs", [1, 7 * 60, 10**6])  # a patient at once, seven, all
def test_concordance_does_not_depend_on_how_many_pairs_are_compared_at_once(
    monkeypatch: pytest.MonkeyPatch, pairs: int
) -> None:
    # (time, event): 1 before 2, 3 and 4; 2 before 3 and 4, which were watched for longer; 3 before 4, of the same time.
    target = torch.tensor([[1.0, 1], [2, 1], [3, 1], [3, 0]] * 15)
    score = torch.tensor([0.5, 0.5, 0.1, 0.9] * 15)
    monkeypatch.setattr(hazards, "PAIRS", pairs)
    # Of one with the event of 15 each: against 2 a tie, 3 won, 4 lost; against 3 won, 4 lost; against 4 lost.
    expected = torch.tensor((0.5 + 1 + 0 + 1 + 0 + 0) / 6)
    assert torch.equal(concordance(score, target), expected)


def test_nobody_with_an_event_is_no_concordance() -> None:
    assert concordance(torch.rand(4), torch.tensor([[1.0, 0]] * 4)).isnan()


def test_the_concordance_compares_who_was_at_risk() -> None:
    target = torch.tensor([[2.0, 1, 0], [3.0, 1, 1], [5.0, 1, 2], [6.0, 0, 3]])
    assert concordance(torch.tensor([4.0, 3, 2, 9]), target).item() == pytest.approx(2 / 3)
