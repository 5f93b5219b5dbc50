import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from components.recipes.next_item.training.losses import (
    CHUNK,
    NEVER,
    Asked,
    first_met,
    full_softmax,
    gbce,
    sampled_softmax,
)

ITEMS, SIZE = 7, 3


def catalogue() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(ITEMS, SIZE, generator=generator), torch.randn(ITEMS, generator=generator)


def some_queries() -> Asked:
    """Two windows of two columns: one user met items 0 and 5 at column 0 and 2 at 1, the other 3 at column 1.

    The weight is 0 where the target was met, and at the second user's first column, which is padding.
    """
    met = first_met(torch.tensor([0, 0, 0, 1]), torch.tensor([0, 5, 2, 3]), torch.tensor([0, 0, 1, 1]), (2, ITEMS))
    return Asked(
        query=torch.randn(2, 2, SIZE, generator=torch.Generator().manual_seed(1)),
        target=torch.tensor([[[2, 1], [1, 1]], [[0, 0], [4, 3]]]),
        weight=torch.tensor([[[1.0, 0.5], [1.0, 0.5]], [[0.0, 0.0], [1.0, 0.0]]]),
        met=met,
        column=torch.arange(2),
    )


PLACES = ((0, 0), (0, 1), (1, 1))
SEEN = ([0, 5], [0, 5, 2], [3])


def by_hand(asked: Asked, vectors: Tensor, bias: Tensor) -> Tensor:
    losses = []
    for place, seen in zip(PLACES, SEEN, strict=True):
        scores = [vectors[item] @ asked.query[place] + bias[item] for item in range(ITEMS)]
        total = sum(score.exp() for item, score in enumerate(scores) if item not in seen)
        pairs = zip(asked.target[place].tolist(), asked.weight[place], strict=True)
        losses += [weight * (total.log() - scores[item]) for item, weight in pairs]
    return sum(losses, torch.zeros(())) / asked.weight.sum()


def only(asked: Asked, weight: Tensor) -> Asked:
    return replace(asked, weight=asked.weight * weight)


def test_when_each_item_was_first_met() -> None:
    met = first_met(torch.tensor([0, 0, 1, 1]), torch.tensor([2, 2, 0, -1]), torch.tensor([3, 1, 4, 0]), (2, 3))
    assert met.tolist() == [[NEVER, NEVER, 1], [4, NEVER, NEVER]]


def test_the_softmax_is_over_unseen_items_only() -> None:
    asked, (vectors, bias) = some_queries(), catalogue()
    torch.testing.assert_close(full_softmax(asked, vectors, bias), by_hand(asked, vectors, bias))
    assert asked.seen().sum(dim=2).tolist() == [[2, 3], [0, 1]]


def test_what_was_seen_gets_no_probability_and_no_gradient() -> None:
    asked, (vectors, bias) = some_queries(), catalogue()
    second = only(asked, torch.tensor([0.0, 1.0])[:, None, None])
    higher = bias.clone()
    higher[3] = 50.0
    assert full_softmax(second, vectors, higher).item() == pytest.approx(full_softmax(second, vectors, bias).item())
    higher.requires_grad_()
    full_softmax(second, vectors, higher).backward()
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


def narrowed(asked: Asked, items: list[int]) -> tuple[Asked, Tensor]:
    """With the given candidates, and the targets' places among them."""
    slot = torch.full((ITEMS,), -1)
    slot[items] = torch.arange(len(items))
    return replace(asked, met=asked.met[:, items]), slot[asked.target]


def sampled(asked: Asked, items: list[int], chances: list[float], vectors: Tensor, bias: Tensor) -> Tensor:
    """The sampled loss with the given candidates."""
    few, slot = narrowed(asked, items)
    of_target = vectors[asked.target], bias[asked.target]
    return sampled_softmax(few, vectors[items], bias[items], of_target, torch.tensor(chances).log(), slot)


def test_with_all_items_drawn_the_sampled_loss_is_the_full_one() -> None:
    asked, (vectors, bias) = some_queries(), catalogue()
    everything = sampled(asked, list(range(ITEMS)), [1.0] * ITEMS, vectors, bias)
    torch.testing.assert_close(everything, full_softmax(asked, vectors, bias))


def test_a_rarely_drawn_item_stands_for_the_others() -> None:
    asked, (vectors, bias) = some_queries(), catalogue()
    expected, chance = 0.0, {3: 0.1, 5: 0.5}
    # Of 3 and 5 the first user has met 5, the second 3.
    for place, others in zip(PLACES, ([3], [3], [5]), strict=True):
        score = (vectors @ asked.query[place] + bias).tolist()
        wanted = [
            pair for pair in zip(asked.target[place].tolist(), asked.weight[place].tolist(), strict=True) if pair[1]
        ]
        total = sum(math.exp(score[item]) for item in {item for item, _ in wanted})
        total += sum(math.exp(score[item]) / chance[item] for item in others)
        expected += sum(weight * (math.log(total) - score[item]) for item, weight in wanted)
    assert sampled(asked, [3, 5], [0.1, 0.5], vectors, bias).item() == pytest.approx(expected / 4)


def test_the_estimate_of_the_partition_sum_is_unbiased() -> None:
    asked, (vectors, bias) = some_queries(), catalogue()
    chance = torch.linspace(0.2, 0.8, ITEMS)
    generator = torch.Generator().manual_seed(2)
    drawn = (torch.rand(20_000, ITEMS, generator=generator) < chance).float()
    weights = (vectors @ asked.query[0, 0] + bias).exp()
    weights[[0, 5]] = 0
    exact = weights.sum().item()
    assert (drawn @ (weights / chance)).mean().item() == pytest.approx(exact, rel=0.02)


def test_a_query_whose_targets_were_all_met_counts_nothing() -> None:
    asked, (vectors, bias) = some_queries(), catalogue()
    met = replace(asked, target=torch.tensor([[[2, 1], [2, 5]], [[0, 0], [4, 3]]]))
    silent = only(met, torch.tensor([[1.0, 0.0], [1.0, 1.0]])[..., None])
    for loss in (full_softmax, lambda one, *of: sampled(one, [3, 5], [0.5, 0.5], *of)):
        values, slopes = [], []
        for query in (silent.query, silent.query + torch.tensor([[0.0, 9.0], [0.0, 0.0]])[..., None]):
            leaf = vectors.clone().requires_grad_()
            values.append(loss(replace(silent, query=query), leaf, bias))
            values[-1].backward()
            slopes.append(leaf.grad)
        torch.testing.assert_close(*values)
        torch.testing.assert_close(*slopes)


def test_a_batch_that_asks_nothing_has_no_loss_and_no_gradient() -> None:
    asked, (vectors, bias) = only(some_queries(), torch.zeros(1)), catalogue()
    for loss in (full_softmax, lambda one, *of: sampled(one, [3, 5], [0.5, 0.5], *of)):
        leaf = vectors.clone().requires_grad_()
        value = loss(asked, leaf, bias)
        value.backward()
        assert value.item() == 0
        assert leaf.grad is not None
        assert not leaf.grad.any()


def test_generalised_cross_entropy_by_hand() -> None:
    asked, (vectors, bias) = some_queries(), catalogue()
    items = [1, 3, 5, 6]
    few, slot = narrowed(asked, items)
    of_target = vectors[asked.target], bias[asked.target]
    loss = gbce(few, vectors[items], bias[items], of_target, slot, items=ITEMS, calibration=0.75)
    alpha = 4 / (ITEMS - 1)
    beta = alpha * (0.75 * (1 - 1 / alpha) + 1 / alpha)
    expected = 0.0
    # 1 is a target of the first user's queries; 5 and 3 were met.
    for place, negatives in zip(PLACES, ([3, 6], [3, 6], [1, 5, 6]), strict=True):
        chance = torch.sigmoid(vectors @ asked.query[place] + bias).tolist()
        wrong = -sum(math.log(1 - chance[item]) for item in negatives)
        for item, weight in zip(asked.target[place].tolist(), asked.weight[place].tolist(), strict=True):
            expected += weight * (wrong - beta * math.log(chance[item])) / (4 + 1)
    assert loss.item() == pytest.approx(expected / 4, rel=1e-5)


def test_with_all_negatives_there_is_nothing_to_calibrate() -> None:
    asked, (vectors, bias) = some_queries(), catalogue()
    _, slot = narrowed(asked, list(range(ITEMS)))
    of_target = vectors[asked.target], bias[asked.target]
    losses = [gbce(asked, vectors, bias, of_target, slot, items=ITEMS, calibration=t).item() for t in (0.0, 1.0)]
    assert losses[0] == pytest.approx(losses[1])
