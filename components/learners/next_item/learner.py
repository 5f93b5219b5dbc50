"""Next-item learning with a sequence network."""

from typing import TYPE_CHECKING, Any

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor, nn
from torch.nn.functional import embedding
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from components.learners.gather import of_all_processes
from components.learners.next_item.losses import NEVER, first_met
from components.learners.next_item.objectives import FullSoftmax, Sampled
from components.networks.sequence_transformer import SequenceTransformer
from components.params import FitParams
from components.seeds import derived_seed

if TYPE_CHECKING:
    from components.datamodules.sequences import Batch

TOP = 10


class NextItemLearner(LightningModule):
    """Minimises `objective` over the next items of every event, the m-th with weight `decay ** m`.

    A batch is a `components.datamodules.sequences.Batch`. Validation ranks each user's held-out item
    among all items not in the history, ties against it, and logs `val/loss` (cross-entropy over those
    items), `val/ndcg@10` and `val/hr@10`. The learning rate rises to `params.lr` and falls to `floor` of it.
    """

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
        super().__init__()
        self.network = network
        self.params = params
        self.objective = objective
        self.decay = decay
        self.betas = betas
        self.floor = floor
        self._training: list[tuple[Tensor, Tensor]] = []
        self._validation: list[tuple[Tensor, Tensor]] = []

    def forward(self, batch: "Batch", vectors: Tensor | None) -> Tensor:
        """The queries `(B, A, d)`; `vectors (M, d)` are the items', or None to make only those that are needed."""
        read = self.network.item_vectors(batch.item) if vectors is None else embedding(batch.item, vectors)
        asked = batch.target.shape[1]
        hidden: Tensor = self.network(read, batch.features, batch.times, batch.user, batch.valid, only_last=asked == 1)
        return hidden[:, -asked:]

    def _step(self, batch: "Batch", whole: bool) -> tuple[Tensor, Tensor | None]:
        vectors = self.network.item_vectors() if whole else None
        return self(batch, vectors), vectors

    def on_train_batch_start(self, batch: "Batch", batch_idx: int) -> None:  # noqa: ARG002 - Lightning's signature
        # No checkpoint holds the generators that dropout and the negatives are drawn from: seeding them
        # by position makes a resumed run draw what the undisturbed one would have drawn.
        seed = derived_seed(self.params.seed + self.global_rank, self.current_epoch, batch_idx)
        torch.default_generator.manual_seed(seed)
        if self.device.type == "cuda":
            torch.cuda.manual_seed(seed)

    def training_step(self, batch: "Batch", batch_idx: int) -> Tensor:  # noqa: ARG002
        query, vectors = self._step(batch, self.objective.whole)
        weight = self.decay ** torch.arange(batch.target.shape[2], device=query.device)
        loss = self.objective(self.network, query, vectors, batch, weight)
        self._training.append((loss.detach(), batch.valid.sum()))
        return loss

    def on_train_batch_end(self, outputs: Any, batch: "Batch", batch_idx: int) -> None:  # noqa: ARG002
        # Told to Lightning once an epoch, not at each step.
        if self.trainer.is_last_batch or self.trainer.should_stop:
            losses, asked = (torch.stack(parts) for parts in zip(*self._training, strict=True))
            self._training.clear()
            mean = (losses * asked).sum() / asked.sum()
            self.log("train/loss", mean, on_step=False, on_epoch=True, batch_size=1, sync_dist=True)

    def validation_step(self, batch: "Batch", batch_idx: int) -> None:  # noqa: ARG002
        query, vectors = self._step(batch, whole=True)
        assert vectors is not None
        scores = (query[:, -1] @ vectors.T + self.network.bias).float()
        met = first_met(batch.met_row, batch.met_item, batch.met_column, (len(batch.item), len(vectors)))
        target = batch.target[:, -1, :1]
        scores = scores.masked_fill((met < NEVER).scatter(1, target, False), -torch.inf)
        wanted = scores.gather(1, target)
        rank = (scores >= wanted).sum(dim=1)  # 1 + greater + equal, since the target equals itself
        self._validation.append((scores.logsumexp(dim=1) - wanted[:, 0], rank))

    def on_validation_epoch_end(self) -> None:
        answers = of_all_processes(self, self._validation)
        loss = torch.cat([loss for loss, _ in answers])
        rank = torch.cat([rank for _, rank in answers])
        self._validation.clear()
        hit = rank <= TOP
        gain = torch.where(hit, 1 / torch.log2(rank + 1.0), 0.0)
        self.log("val/loss", loss.mean(), sync_dist=True)
        self.log(f"val/ndcg@{TOP}", gain.mean(), sync_dist=True)
        self.log(f"val/hr@{TOP}", hit.float().mean(), sync_dist=True)

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        groups = weight_decay_groups(self.network, self.params.weight_decay)
        # Lightning cannot clip for a fused optimizer under mixed precision.
        fused = not self.params.precision.endswith("-mixed")
        optimizer = AdamW(groups, lr=self.params.lr, betas=self.betas, fused=fused or None)
        schedule = OneCycleLR(
            optimizer,
            max_lr=self.params.lr,
            total_steps=self.params.max_epochs * self._steps_an_epoch(),
            pct_start=self.params.warmup_fraction,
            cycle_momentum=False,
            div_factor=1 / self.floor,
            final_div_factor=1.0,
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _steps_an_epoch(self) -> int:
        # Not the trainer's estimated_stepping_batches: it makes the loaders before a checkpoint is read, and
        # Lightning then never hands them their state, so that a killed epoch would begin again.
        data = self.trainer.datamodule  # type: ignore[attr-defined]
        return len(data.train_dataloader())


def weight_decay_groups(network: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Decay for matrices only: biases and the scales of norms are left alone."""
    parameters = list(network.parameters())
    return [
        {"params": [weight for weight in parameters if weight.ndim > 1], "weight_decay": weight_decay},
        {"params": [weight for weight in parameters if weight.ndim <= 1], "weight_decay": 0.0},
    ]
