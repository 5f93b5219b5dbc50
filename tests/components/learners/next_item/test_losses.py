import math

import pytest
import torch
from torch import Tensor

from components.learners.next_item.losses import CHUNK, NEVER, Asked, first_met, full_softmax, gbce, sampled_softmax

ITEMS, SIZE = 7, 3


def catalogue() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(ITEMS, SIZE, generator=generator), torch.randn(ITEMS, generator=generator)


def some_queries() -> Asked:
    """Two windows: one user met items 0 and 5 at column 0 and 2 at 1, the other 3 at column 1.

    The weight is 0 where the target was met.
    """
    met = first_met(torch.tensor([0, 0, 0, 1]), torch.tensor([0, 5, 2, 3]), torch.tensor([0, 0, 1, 1]), (2, ITEMS))
    return Asked(
        query=torch.randn(3, SIZE, generator=torch.Generator().manual_seed(1)),
        target=torch.tensor([[2, 1], [1, 1], [4, 3]]),
        weight=torch.tensor([[1.0, 0.5], [1.0, 0.5], [1.0, 0.0]]),
        met=met,
        row=torch.tensor([0, 0, 1]),
        column=torch.tensor([0, 1, 1]),
    )


SEEN = ([0, 5], [0, 5, 2], [3])


def by_hand(asked: Asked, vectors: Tensor, bias: Tensor) -> Tensor:
    losses = []
    for place, seen in enumerate(SEEN):
        scores = [vectors[item] @ asked.query[place] + bias[item] for item in range(ITEMS)]
        total = sum(score.exp() for item, score in enumerate(scores) if item not in seen)
        losses += [asked.weight[place, n] * (total.log() - scores[asked.target[place, n]]) for n in range(2)]
    return sum(losses, torch.zeros(())) / asked.weight.sum()


def test_when_each_item_was_first_met() -> None:
    met = first_met(torch.tensor([0, 0, 1, 1]), torch.tensor([2, 2, 0, -1]), torch.tensor([3, 1, 4, 0]), (2, 3))
    assert met.tolist() == [[NEVER, NEVER, 1], [4, NEVER, NEVER]]


def test_the_softmax_is_over_unseen_items_only() -> None:
    asked, (vectors, bias) = some_queries(), catalogue()
    torch.testing.assert_close(full_softmax(asked, vectors, bias), by_hand(asked, vectors, bias))
    assert asked.seen().sum(dim=1).tolist() == [2, 3, 1]


def test_what_was_seen_gets_no_probability_and_no_gradient() -> None:
    asked, (vectors, bias) = some_queries(), catalogue()
    third = torch.arange(3) == 2
    only = Asked(asked.query, asked.target, asked.weight * third[:, None], asked.met, asked.row, asked.column)
    higher = bias.clone()
    higher[3] = 50.0
    assert full_softmax(only, vectors, higher).item() == pytest.approx(full_softmax(only, vectors, bias).item())
    higher.requires_grad_()
    full_softmax(only, vectors, higher).backward()
    assert higher.grad is not None
    assert higher.grad[3] == 0
    assert (higher.grad != 0).sum() == ITEMS - 1


@pytest.mark.parametrize("chunk", [1, 10_000])
def test_gradients_are_those_of_the_plain_formula(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHUNK, "cpu", chunk)
    found = []
    for loss in (full_softmax, by_hand):
        asked, leaves = some_queries(), [one.requires_grad_() for one in catalogue()]
        asked.query.requires_grad_()
        (2 * loss(asked, *leaves)).backward()
        found.append([asked.query.grad, *(leaf.grad for leaf in leaves)])
    for ours, plain in zip(*found, strict=True):
        torch.testing.assert_close(ours, plain)


def sampled(asked: Asked, items: list[int], chances: list[float], vectors: Tensor, bias: Tensor) -> Tensor:
    """The sampled loss with the given candidates."""
    slot = torch.full((ITEMS,), -1)
    slot[items] = torch.arange(len(items))
    narrowed = Asked(asked.query, asked.target, asked.weight, asked.met[:, items], asked.row, asked.column)
    of_target = vectors[asked.target], bias[asked.target]
    log_chance = torch.tensor(chances).log()
    return sampled_softmax(narrowed, vectors[items], bias[items], of_target, log_chance, slot[asked.target])


def test_with_all_items_drawn_the_sampled_loss_is_the_full_one() -> None:
    asked, (vectors, bias) = some_queries(), catalogue()
    everything = sampled(asked, list(range(ITEMS)), [1.0] * ITEMS, vectors, bias)
    torch.testing.assert_close(everything, full_softmax(asked, vectors, bias))


def test_a_rarely_drawn_item_stands_for_the_others() -> None:
    asked, (vectors, bias) = some_queries(), catalogue()
    score = lambda place, item: (vectors[item] @ asked.query[place] + bias[item]).item()  # noqa: E731
    # Of 3 and 5, drawn with chances .1 and .5, the first user may not count 5, the second not 3.
    expected = 0.0
    for place, others in enumerate(([3], [3], [5])):
        chance = {3: 0.1, 5: 0.5}
        targets = {
            item for item, weight in zip(asked.target[place].tolist(), asked.weight[place], strict=True) if weight
        }
        total = sum(math.exp(score(place, item)) for item in targets)
        total += sum(math.exp(score(place, item)) / chance[item] for item in others)
        for item, weight in zip(asked.target[place].tolist(), asked.weight[place].tolist(), strict=True):
            expected += weight * (math.log(total) - score(place, item)) if weight else 0
    assert sampled(asked, [3, 5], [0.1, 0.5], vectors, bias).item() == pytest.approx(expected / 4)


def test_the_estimate_of_the_partition_sum_is_unbiased() -> None:
    asked, (vectors, bias) = some_queries(), catalogue()
    chance = torch.linspace(0.2, 0.8, ITEMS)
    generator = torch.Generator().manual_seed(2)
    drawn = (torch.rand(20_000, ITEMS, generator=generator) < chance).float()
    weights = (vectors @ asked.query[0] + bias).exp()
    weights[[0, 5]] = 0
    exact = weights.sum().item()
    assert (drawn @ (weights / chance)).mean().item() == pytest.approx(exact, rel=0.02)


def test_a_query_whose_targets_were_all_met_counts_nothing() -> None:
    asked, (vectors, bias) = some_queries(), catalogue()
    silent = asked.weight * torch.tensor([[1.0], [0.0], [1.0]])
    masked = Asked(asked.query, torch.tensor([[2, 1], [2, 5], [4, 3]]), silent, asked.met, asked.row, asked.column)
    kept = torch.tensor([0, 2])
    fewer = Asked(
        asked.query[kept], asked.target[kept], asked.weight[kept], asked.met, asked.row[kept], asked.column[kept]
    )
    for loss in (full_softmax, lambda one, *of: sampled(one, [3, 5], [0.5, 0.5], *of)):
        leaf = vectors.clone().requires_grad_()
        value = loss(masked, leaf, bias)
        torch.testing.assert_close(value, loss(fewer, vectors, bias))
        value.backward()
        assert torch.isfinite(leaf.grad).all()


def test_generalised_cross_entropy_by_hand() -> None:
    asked, (vectors, bias) = some_queries(), catalogue()
    items, slot = [1, 3, 5, 6], torch.full((ITEMS,), -1)
    slot[items] = torch.arange(4)
    narrowed = Asked(asked.query, asked.target, asked.weight, asked.met[:, items], asked.row, asked.column)
    of_target = vectors[asked.target], bias[asked.target]
    loss = gbce(narrowed, vectors[items], bias[items], of_target, slot[asked.target], items=ITEMS, calibration=0.75)
    alpha = 4 / (ITEMS - 1)
    beta = alpha * (0.75 * (1 - 1 / alpha) + 1 / alpha)
    sigmoid = lambda place, item: torch.sigmoid(vectors[item] @ asked.query[place] + bias[item]).item()  # noqa: E731
    expected = 0.0
    for place, negatives in enumerate(([3, 6], [3, 6], [1, 5, 6])):  # 1 is a target of the first two
        wrong = -sum(math.log(1 - sigmoid(place, item)) for item in negatives)
        for item, weight in zip(asked.target[place].tolist(), asked.weight[place].tolist(), strict=True):
            expected += weight * (wrong - beta * math.log(sigmoid(place, item))) / (4 + 1)
    assert loss.item() == pytest.approx(expected / 4, rel=1e-5)


def test_with_all_negatives_it_is_plain_cross_entropy() -> None:
    vectors, bias = catalogue()
    met = first_met(torch.tensor([0]), torch.tensor([0]), torch.tensor([0]), (1, ITEMS))
    row = torch.zeros(1, dtype=torch.long)
    asked = Asked(torch.ones(1, SIZE), torch.tensor([[1]]), torch.ones(1, 1), met, row, row)
    slot = torch.tensor([[1]])
    losses = [
        gbce(asked, vectors, bias, (vectors[asked.target], bias[asked.target]), slot, items=ITEMS, calibration=t).item()
        for t in (0.0, 1.0)
    ]
    assert losses[0] == pytest.approx(losses[1])  # alpha is 1: there is nothing to calibrate
