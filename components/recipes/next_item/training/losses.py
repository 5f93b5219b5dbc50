"""Objectives of next-item prediction: a user's columns each ask for n items among those not met before.

The score of an item at a query is its product with the item's vector plus the item's bias.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

# Columns are float32, exact far beyond any window: on the CPU, torch compares floats into floats five
# times as fast as it makes a mask of integers.
NEVER = torch.inf
HIDDEN = 1e9
SMALLEST_FLOAT = torch.finfo(torch.float32).tiny
# How many scores are held at a time: what a core's cache holds, or enough to keep a GPU busy.
CHUNK = {"cpu": 1 << 18, "cuda": 1 << 28}


@dataclass(frozen=True)
class Asked:
    """What B windows ask in their last A columns, `column (A,)`.

    `query (B, A, d)`, the next items `target (B, A, n)` and their `weight (B, A, n)`, 0 for one met before
    and on padding. `met (B, C)` is the column at which each of C candidate items was met first, or `NEVER`.
    """

    query: Tensor
    target: Tensor
    weight: Tensor
    met: Tensor
    column: Tensor

    def seen(self, windows: slice = slice(None)) -> Tensor:
        """`(B, A, C) float32`: 1 for the candidates met at or before a query."""
        met = self.met[windows, None]
        column = self.column.to(met.dtype)[:, None]
        mask = torch.empty(len(met), len(column), met.shape[-1], device=met.device)
        return torch.le(met, column, out=mask)


def first_met(row: Tensor, item: Tensor, column: Tensor, shape: tuple[int, int]) -> Tensor:
    """`Asked.met (B, C)` from meetings `(H,)`; those of an item below 0 are of no candidate."""
    kept = item >= 0
    place = (row * shape[1] + item)[kept]
    table = torch.full((shape[0] * shape[1],), NEVER, device=row.device)
    return table.scatter_reduce_(0, place, column[kept].float(), "amin").view(shape)


def full_softmax(asked: Asked, vectors: Tensor, bias: Tensor) -> Tensor:
    """Mean cross-entropy of the softmax over all unseen items `vectors (M, d)`, `bias (M,)`."""
    loss: Tensor = _UnseenSoftmax.apply(asked.query, vectors, bias, asked)
    return loss


class _UnseenSoftmax(torch.autograd.Function):
    """Scores, softmax and gradients of a few windows at a time, so that all `(B, A, M)` scores never exist at once.

    The gradient is known in the forward pass, since the loss is a scalar: it is the probabilities, less the weights
    of the targets (the idea of Liger: Hsu et al., 2024, and of Cut Cross-Entropy: Wijmans et al., 2025,
    arXiv:2411.09009).
    """

    @staticmethod
    def forward(ctx: Any, query: Tensor, vectors: Tensor, bias: Tensor, asked: Asked) -> Tensor:
        windows, columns, size = query.shape
        weight = asked.weight / asked.weight.sum().clamp(min=SMALLEST_FLOAT)
        total = weight.sum(dim=2).view(-1, 1)
        chosen = torch.empty_like(weight)
        d_query = torch.empty(windows * columns, size, device=query.device)
        d_vectors, d_bias = torch.zeros_like(vectors), torch.zeros_like(bias)
        step = max(1, CHUNK[query.device.type] // (columns * len(vectors)))
        for start in range(0, windows, step):
            part = slice(start, start + step)
            rows = slice(start * columns, (start + step) * columns)
            asking = query[part].reshape(-1, size)
            scores = torch.addmm(bias, asking, vectors.T).float().view(-1, columns, len(vectors))
            chance = scores.sub_(asked.seen(part), alpha=HIDDEN).softmax(dim=2)
            chosen[part] = chance.gather(2, asked.target[part])
            chance = chance.view(-1, len(vectors))
            d_query[rows] = total[rows] * (chance @ vectors)
            d_vectors += chance.T @ (total[rows] * asking)
            d_bias += chance.T @ total[rows, 0]
        _take_targets(asked.target, weight, query, vectors, (d_query, d_vectors, d_bias))
        ctx.save_for_backward(d_query.view_as(query).to(query.dtype), d_vectors, d_bias)
        return -(weight * chosen.clamp(min=SMALLEST_FLOAT).log()).sum()

    @staticmethod
    def backward(ctx: Any, *slope: Tensor) -> tuple[Tensor | None, ...]:
        return *(slope[0] * gradient for gradient in ctx.saved_tensors), None


def _take_targets(
    target: Tensor, weight: Tensor, query: Tensor, vectors: Tensor, slopes: tuple[Tensor, Tensor, Tensor]
) -> None:
    """What the targets' own scores take off the gradients by query, vectors and bias."""
    d_query, d_vectors, d_bias = slopes
    for place in range(target.shape[2]):
        item, share = target[..., place].flatten(), weight[..., place].flatten()
        d_query -= share[:, None] * vectors[item]
        d_vectors.index_add_(0, item, share[:, None] * query.flatten(0, 1).to(vectors.dtype), alpha=-1)
        d_bias.index_add_(0, item, share, alpha=-1)


def sampled_softmax(
    asked: Asked, vectors: Tensor, bias: Tensor, of_target: tuple[Tensor, Tensor], log_chance: Tensor, slot: Tensor
) -> Tensor:
    """Cross-entropy over the targets and sampled candidates, each corrected by the log of its chance to be drawn.

    The candidates (C) are distinct; `vectors (C, d)` and `bias (C,)` are theirs and `log_chance (C,)` that of being
    among them, which makes the sum over them an unbiased estimate of that over all (Bengio & Senécal, 2008; as a
    correction of in-batch negatives, Yi et al., 2019). `of_target` has the vectors `(B, A, n, d)` and biases
    `(B, A, n)` of the targets and `slot (B, A, n)` their places among the candidates, -1 where not drawn.
    """
    scores = _scores(asked.query, vectors, bias) - log_chance
    scores = scores - HIDDEN * (asked.seen() + _among(slot, len(vectors)))
    wanted = _wanted(asked.query, *of_target)
    # An item that is asked for twice is one candidate; one that was met is none.
    alone = wanted - HIDDEN * (_repeated(asked.target) | (asked.weight == 0)).float()
    loss = torch.cat([scores, alone], dim=2).logsumexp(dim=2, keepdim=True) - wanted
    return (asked.weight * loss).sum() / asked.weight.sum().clamp(min=SMALLEST_FLOAT)


def gbce(
    asked: Asked,
    vectors: Tensor,
    bias: Tensor,
    of_target: tuple[Tensor, Tensor],
    slot: Tensor,
    *,
    items: int,
    calibration: float,
) -> Tensor:
    """Generalised binary cross-entropy (gSASRec: Petrov & Macdonald, 2023, arXiv:2308.07192).

    The candidates are uniformly drawn negatives. The positive's probability is raised to the power
    beta = alpha (t (1 - 1 / alpha) + 1 / alpha) for the share alpha = C / (items - 1) of negatives that are
    drawn, which undoes the overconfidence that sampling brings; t = `calibration`, 0 is plain cross-entropy.
    """
    alpha = min(1.0, len(vectors) / (items - 1))
    beta = alpha * (calibration * (1 - 1 / alpha) + 1 / alpha)
    counted = 1 - torch.maximum(asked.seen(), _among(slot, len(vectors)))
    scores = _scores(asked.query, vectors, bias)
    negative = -(functional.logsigmoid(-scores) * counted).sum(dim=2, keepdim=True)
    positive = -beta * functional.logsigmoid(_wanted(asked.query, *of_target))
    loss = (positive + negative) / (len(vectors) + 1)
    return (asked.weight * loss).sum() / asked.weight.sum().clamp(min=SMALLEST_FLOAT)


def _scores(query: Tensor, vectors: Tensor, bias: Tensor) -> Tensor:
    """`(B, A, C)`."""
    return (query @ vectors.T).float() + bias


def _wanted(query: Tensor, vectors: Tensor, bias: Tensor) -> Tensor:
    """Scores `(B, A, n)` of each query's own targets."""
    return (query.unsqueeze(2).float() * vectors.float()).sum(-1) + bias


def _among(slot: Tensor, candidates: int) -> Tensor:
    """`(B, A, C)`: 1 for the candidates that are targets of their query."""
    table = torch.zeros(*slot.shape[:2], candidates + 1, device=slot.device)
    # Targets that were not drawn go to a column of their own, which is cut off.
    return table.scatter_(2, slot % (candidates + 1), 1.0)[..., :candidates]


def _repeated(target: Tensor) -> Tensor:
    """`(B, A, n)`: whether the same item stands in an earlier place."""
    same = target.unsqueeze(3) == target.unsqueeze(2)
    return same.tril(-1).any(dim=3)
