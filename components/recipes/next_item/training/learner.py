"""Next-item learning with a sequence network."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import embedding

from components.core.params.case import FitParams
from components.recipes.next_item.training.losses import NEVER, first_met
from components.recipes.next_item.training.objectives import FullSoftmax, Sampled
from components.recipes.next_item.training.sequence_transformer import SequenceTransformer
from components.training.learner import Learner

if TYPE_CHECKING:
    from components.recipes.next_item.training.data import Batch

TOP = 10


class NextItemLearner(Learner):
    """Minimises `objective` over the next items of every event, the m-th with weight `decay ** m`.

    A batch is a `components.recipes.next_item.training.data.Batch`. Validation ranks each user's held-out item
    among all items not in the history, ties against it, missed where it is in it, and logs `val/loss` (cross-entropy
    over those items), `val/ndcg@10` and `val/hr@10`. The learning rate rises to `params.lr` and falls to `floor` of it.
    """

    network: SequenceTransformer

    def __init__(
        self,
        network: SequenceTransformer,
        params: FitParams,
        *,
        objective: FullSoftmax | Sampled,
        decay: float,
        betas: tuple[float, float],
        floor: float,
    ) -> None:
        super().__init__(network, params)
        self.objective = objective
        self.decay, self.betas, self.floor = decay, betas, floor

    def forward(self, batch: "Batch", vectors: Tensor | None) -> Tensor:
        """The queries `(B, A, d)`; `vectors (M, d)` are the items', or None to make only those that are needed."""
        read = self.network.item_vectors(batch.item) if vectors is None else embedding(batch.item, vectors)
        asked = batch.target.shape[1]
        hidden: Tensor = self.network(read, batch.features, batch.times, batch.user, batch.valid, only_last=asked == 1)
        return hidden[:, -asked:]

    def _step(self, batch: "Batch", whole: bool) -> tuple[Tensor, Tensor | None]:
        vectors = self.network.item_vectors() if whole else None
        return self(batch, vectors), vectors

    def training_loss(self, batch: "Batch") -> tuple[Tensor, Tensor]:
        query, vectors = self._step(batch, self.objective.whole)
        weight = self.decay ** torch.arange(batch.target.shape[2], device=query.device)
        return self.objective(self.network, query, vectors, batch, weight), batch.valid.sum()

    def validated(self, batch: "Batch") -> tuple[Tensor, Tensor]:
        query, vectors = self._step(batch, whole=True)
        assert vectors is not None
        scores = (query[:, -1] @ vectors.T + self.network.bias).float()
        met = first_met(batch.met_row, batch.met_item, batch.met_column, (len(batch.item), len(vectors)))
        target = batch.target[:, -1, :1]
        seen = met < NEVER
        scores = scores.masked_fill(seen.scatter(1, target, False), -torch.inf)
        wanted = scores.gather(1, target)
        rank = (scores >= wanted).sum(dim=1)  # 1 + greater + equal, since the target equals itself
        rank = rank.where(~seen.gather(1, target)[:, 0], len(vectors) + TOP)  # no answer holds what was seen
        return scores.logsumexp(dim=1) - wanted[:, 0], rank

    def validation_metrics(self, answers: list[tuple[Tensor, Tensor]]) -> Mapping[str, Tensor]:
        loss, rank = (torch.cat(parts) for parts in zip(*answers, strict=True))
        hit = rank <= TOP
        gain = torch.where(hit, 1 / torch.log2(rank + 1.0), 0.0)
        return {"loss": loss.mean(), f"ndcg@{TOP}": gain.mean(), f"hr@{TOP}": hit.float().mean()}
