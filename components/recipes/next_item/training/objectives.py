"""Objectives of a next-item learner: over all items, or over some that are drawn for a batch and shared in it."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from components.recipes.next_item.training.losses import Asked, first_met, full_softmax, gbce, sampled_softmax
from components.recipes.next_item.training.sequence_transformer import SequenceTransformer

if TYPE_CHECKING:
    from components.recipes.next_item.training.data import Batch


class FullSoftmax(nn.Module):
    """Cross-entropy over all unseen items; for catalogues of up to some ten thousand.

    `whole` says that the vectors of all items are wanted.
    """

    whole = True

    def forward(
        self, network: SequenceTransformer, query: Tensor, vectors: Tensor | None, batch: "Batch", weight: Tensor
    ) -> Tensor:
        """Queries `(B, A, d)`, item vectors `(M, d)`, weights of the next items `(n,)` to the loss."""
        assert vectors is not None
        met = first_met(batch.met_row, batch.met_item, batch.met_column, (len(batch.item), len(vectors)))
        column = asked_columns(batch)
        fresh = met[torch.arange(len(met), device=met.device)[:, None, None], batch.target] > column[:, None]
        asked = Asked(query, batch.target, weight * (fresh & valid_queries(batch)), met, column)
        return full_softmax(asked, vectors, network.bias)


class Sampled(nn.Module, ABC):
    """Base of the losses over candidates: `negatives` draws a batch, each item kept once.

    An item's chance in a draw goes with its count `(M,)` to the power `power`: 0 is uniform, 1 by popularity.
    """

    whole = False
    cumulative: Tensor
    log_chance: Tensor

    def __init__(self, counts: Tensor, *, negatives: int, power: float) -> None:
        super().__init__()
        self.negatives = negatives
        share = (counts.double() + 1) ** power
        share /= share.sum()
        # Not for checkpoints: they follow from the data.
        self.register_buffer("cumulative", share.cumsum(0), persistent=False)
        among = -torch.expm1(negatives * torch.log1p(-share))  # the chance to be among the draws at all
        self.register_buffer("log_chance", among.log().float(), persistent=False)

    def forward(
        self,
        network: SequenceTransformer,
        query: Tensor,
        vectors: Tensor | None,  # noqa: ARG002 - not wanted
        batch: "Batch",
        weight: Tensor,
    ) -> Tensor:
        """As `FullSoftmax.forward`."""
        return self.over(self.draw(), network, query, batch, weight)

    def draw(self) -> Tensor:
        """Distinct items `(C,)`, C at most `negatives`."""
        draws = torch.rand(self.negatives, dtype=torch.float64, device=self.cumulative.device)
        return torch.searchsorted(self.cumulative, draws).clamp(max=len(self.cumulative) - 1).unique()

    def over(
        self, candidates: Tensor, network: SequenceTransformer, query: Tensor, batch: "Batch", weight: Tensor
    ) -> Tensor:
        """The loss over the candidates `(C,)` and the targets."""
        slot = torch.full((len(self.cumulative),), -1, device=query.device)
        slot[candidates] = torch.arange(len(candidates), device=query.device)
        met = first_met(batch.met_row, slot[batch.met_item], batch.met_column, (len(batch.item), len(candidates)))
        fresh = valid_queries(batch) & ~met_before(batch, len(self.cumulative))
        asked = Asked(query, batch.target, weight * fresh, met, asked_columns(batch))
        of_target = network.item_vectors(batch.target), network.bias[batch.target]
        of_candidates = network.item_vectors(candidates), network.bias[candidates]
        return self.loss(asked, candidates, of_candidates, of_target, slot[batch.target])

    @abstractmethod
    def loss(
        self,
        asked: Asked,
        candidates: Tensor,
        of_candidates: tuple[Tensor, Tensor],
        of_target: tuple[Tensor, Tensor],
        slot: Tensor,
    ) -> Tensor:
        """From vectors and biases of the candidates and of the targets, and the targets' places among the former."""


class SampledSoftmax(Sampled):
    def loss(
        self,
        asked: Asked,
        candidates: Tensor,
        of_candidates: tuple[Tensor, Tensor],
        of_target: tuple[Tensor, Tensor],
        slot: Tensor,
    ) -> Tensor:
        return sampled_softmax(asked, *of_candidates, of_target, self.log_chance[candidates], slot)


class GBCE(Sampled):
    """`calibration` is the paper's t."""

    def __init__(self, counts: Tensor, *, negatives: int, calibration: float) -> None:
        super().__init__(counts, negatives=negatives, power=0.0)
        self.calibration = calibration

    def loss(
        self,
        asked: Asked,
        candidates: Tensor,  # noqa: ARG002 - uniform: nothing to correct
        of_candidates: tuple[Tensor, Tensor],
        of_target: tuple[Tensor, Tensor],
        slot: Tensor,
    ) -> Tensor:
        items = len(self.cumulative)
        return gbce(asked, *of_candidates, of_target, slot, items=items, calibration=self.calibration)


def asked_columns(batch: "Batch") -> Tensor:
    """`(A,)`: the last ones."""
    length = batch.item.shape[1]
    return torch.arange(length - batch.target.shape[1], length, device=batch.item.device)


def valid_queries(batch: "Batch") -> Tensor:
    """`(B, A, 1)`: not those on padding."""
    return batch.valid[:, -batch.target.shape[1] :, None]


def met_before(batch: "Batch", items: int) -> Tensor:
    """`(B, A, n)`: whether the user met the target at the query or before. Needs no table of all items."""
    if not len(batch.met_row):
        return torch.zeros_like(batch.target, dtype=torch.bool)
    key, order = (batch.met_row * items + batch.met_item).sort(stable=True)  # an item's first meeting stays first
    row = torch.arange(len(batch.item), device=key.device)[:, None, None]
    wanted = row * items + batch.target
    place = torch.searchsorted(key, wanted).clamp(max=len(key) - 1)
    return (key[place] == wanted) & (batch.met_column[order][place] <= asked_columns(batch)[:, None])
