"""Objectives of next-item prediction. All ask each of T queries for n items, among those the user has not met.

A query's score of an item is its product with the item's vector plus the item's bias.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

NEVER = torch.iinfo(torch.int16).max
# How many scores are held at a time: what a core's cache holds, or enough to keep a GPU busy.
CHUNK = {"cpu": 1 << 18, "cuda": 1 << 28}


@dataclass(frozen=True)
class Asked:
    """T queries: `query (T, d)`, the next items `target (T, n)` and their `weight (T, n)`, 0 for one met before.

    `met (B, C) int16` is the column of a user's window at which each of C candidate items was met,
    `NEVER` if it was not; a query stands in window `row (T,)` at `column (T,)`.
    """

    query: Tensor
    target: Tensor
    weight: Tensor
    met: Tensor
    row: Tensor
    column: Tensor

    def seen(self, rows: slice = slice(None)) -> Tensor:
        """`(T, C)`: the candidates that were met at or before the query."""
        return self.met[self.row[rows]] <= self.column[rows, None].to(self.met.dtype)


def first_met(row: Tensor, item: Tensor, column: Tensor, shape: tuple[int, int]) -> Tensor:
    """`Asked.met (B, C)` from meetings `(H,)`; those of an item below 0 are of no candidate."""
    kept = item >= 0
    place = (row * shape[1] + item)[kept]
    table = torch.full((shape[0] * shape[1],), NEVER, dtype=torch.int16, device=row.device)
    return table.scatter_reduce_(0, place, column[kept].to(torch.int16), "amin").view(shape)


def full_softmax(asked: Asked, vectors: Tensor, bias: Tensor) -> Tensor:
    """Mean cross-entropy of the softmax over all unseen items `vectors (M, d)`, `bias (M,)`."""
    loss: Tensor = _UnseenSoftmax.apply(asked.query, vectors, bias, asked)
    return loss


class _UnseenSoftmax(torch.autograd.Function):
    """Scores, softmax and gradients of a chunk of queries at a time, so that the (T, M) scores never exist whole.

    The idea of Cut Cross-Entropy (Wijmans et al., 2025, arXiv:2411.09009) and of Liger (Hsu et al., 2024): the
    gradient is known in the forward pass, since the loss is a scalar.
    """

    @staticmethod
    def forward(ctx: Any, query: Tensor, vectors: Tensor, bias: Tensor, asked: Asked) -> Tensor:
        total = asked.weight.sum().clamp(min=torch.finfo(torch.float32).tiny)
        loss = torch.zeros((), device=query.device)
        d_query, d_vectors, d_bias = torch.empty_like(query), torch.zeros_like(vectors), torch.zeros_like(bias)
        step = max(1, CHUNK[query.device.type] // len(vectors))
        for start in range(0, len(query), step):
            rows = slice(start, start + step)
            target, weight = asked.target[rows], asked.weight[rows] / total
            scores = torch.addmm(bias, query[rows], vectors.T).float()
            scores.masked_fill_(asked.seen(rows), -torch.inf)
            scores -= scores.amax(dim=1, keepdim=True)
            chosen = scores.gather(1, target).masked_fill(weight == 0, 0)
            sums = scores.exp_().sum(dim=1, keepdim=True)
            loss += (weight * (sums.log() - chosen)).sum()
            slope = scores.mul_(weight.sum(dim=1, keepdim=True) / sums).scatter_add_(1, target, -weight)
            d_query[rows] = slope.to(vectors.dtype) @ vectors
            d_vectors.addmm_(slope.T.to(query.dtype), query[rows])
            d_bias += slope.sum(dim=0)
        ctx.save_for_backward(d_query, d_vectors, d_bias)
        return loss

    @staticmethod
    def backward(ctx: Any, *slope: Tensor) -> tuple[Tensor | None, ...]:
        return *(slope[0] * gradient for gradient in ctx.saved_tensors), None


def sampled_softmax(
    asked: Asked, vectors: Tensor, bias: Tensor, of_target: tuple[Tensor, Tensor], log_chance: Tensor, slot: Tensor
) -> Tensor:
    """Cross-entropy over the targets and sampled candidates, each corrected by the log of its chance to be drawn.

    The candidates (C) are distinct; `vectors (C, d)` and `bias (C,)` are theirs and `log_chance (C,)` that of being
    among them, which makes the sum over them an unbiased estimate of that over all (Bengio & Senécal, 2008; as a
    correction of in-batch negatives, Yi et al., 2019). `of_target` has the vectors `(T, n, d)` and biases `(T, n)`
    of the targets and `slot (T, n)` their places among the candidates, -1 where not drawn.
    """
    scores = _scores(asked.query, vectors, bias) - log_chance
    scores = scores.masked_fill(asked.seen() | _among(slot, len(vectors)), -torch.inf)
    wanted = _wanted(asked.query, *of_target)
    # An item that is asked for twice is one candidate; one that was met is none.
    alone = wanted.masked_fill(_repeated(asked.target) | (asked.weight == 0), -torch.inf)
    # A row whose every weight is 0 has no candidate that is asked for: its loss counts nothing, but must be finite.
    everything = torch.cat([scores, alone], dim=1)
    everything = torch.where((asked.weight > 0).any(dim=1, keepdim=True), everything, 0)
    loss = everything.logsumexp(dim=1, keepdim=True) - wanted
    return (asked.weight * loss).sum() / asked.weight.sum()


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
    excluded = asked.seen() | _among(slot, len(vectors))
    scores = _scores(asked.query, vectors, bias)
    negative = -functional.logsigmoid(-scores).masked_fill(excluded, 0).sum(dim=1, keepdim=True)
    positive = -beta * functional.logsigmoid(_wanted(asked.query, *of_target))
    loss = (positive + negative) / (len(vectors) + 1)
    return (asked.weight * loss).sum() / asked.weight.sum()


def _scores(query: Tensor, vectors: Tensor, bias: Tensor) -> Tensor:
    return torch.addmm(bias.to(query.dtype), query, vectors.T.to(query.dtype)).float()


def _wanted(query: Tensor, vectors: Tensor, bias: Tensor) -> Tensor:
    """Scores `(T, n)` of each query's own targets."""
    return (query.unsqueeze(1).float() * vectors.float()).sum(-1) + bias


def _among(slot: Tensor, candidates: int) -> Tensor:
    """`(T, C)`: the candidates that are targets of their row."""
    table = torch.zeros(len(slot), candidates + 1, dtype=torch.bool, device=slot.device)
    # Targets that were not drawn go to a column of their own, which is cut off.
    return table.scatter_(1, slot % (candidates + 1), True)[:, :candidates]


def _repeated(target: Tensor) -> Tensor:
    """`(T, n)`: whether the same item stands in an earlier column."""
    same = target.unsqueeze(2) == target.unsqueeze(1)
    return same.tril(-1).any(dim=2)
