"""Labelling each syllable with one of its characters."""

from typing import TYPE_CHECKING, Any

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from components.learners.gather import of_all_processes
from components.networks.syllable_labeller import SyllableLabeller
from components.params import FitParams
from components.seeds import derived_seed

if TYPE_CHECKING:
    from components.datamodules.syllables import Batch


class SyllableLearner(LightningModule):
    """Minimises the cross-entropy of the characters among the candidates of their syllables.

    A batch is a `components.datamodules.syllables.Batch`. What is validated and served is an average of the
    weights, moved by the share `1 - decay` to the present ones after every `every` steps; a decay of 0 is the
    weights themselves. Logs `val/char_accuracy`, the share of all characters that come first, and `val/loss`,
    over those that are candidates. The learning rate rises to `params.lr`, for the table of n-grams to
    `table_rate` times as much, and falls to `floor` of it.
    """

    def __init__(
        self,
        network: SyllableLabeller,
        params: FitParams,
        *,
        betas: tuple[float, float],
        floor: float,
        table_rate: float,
        decay: float,
        every: int,
    ) -> None:
        super().__init__()
        self.network = network
        self.averaged = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay)).requires_grad_(False)
        self.params = params
        self.betas, self.floor, self.table_rate, self.every = betas, floor, table_rate, every
        self._training: list[tuple[Tensor, Tensor]] = []
        self._validation: list[Tensor] = []

    @property
    def served(self) -> SyllableLabeller:
        """The network of averaged weights."""
        network = self.averaged.module
        assert isinstance(network, SyllableLabeller)
        return network

    def forward(self, network: SyllableLabeller, batch: "Batch") -> tuple[Tensor, Tensor]:
        """Logits `(N, C)` of the N syllables whose character is a candidate, and their targets `(N,)`."""
        asked = batch.target >= 0
        scores = network.scores(network(batch.syllables, batch.windows)[asked], batch.syllables[asked])
        return scores, batch.target[asked]

    def on_train_batch_start(self, batch: "Batch", batch_idx: int) -> None:  # noqa: ARG002 - Lightning's signature
        # No checkpoint holds the generators that dropout is drawn from: seeding them by position
        # makes a resumed run draw what the undisturbed one would have drawn.
        seed = derived_seed(self.params.seed + self.global_rank, self.current_epoch, batch_idx)
        torch.default_generator.manual_seed(seed)
        if self.device.type == "cuda":
            torch.cuda.manual_seed(seed)

    def training_step(self, batch: "Batch", batch_idx: int) -> Tensor:  # noqa: ARG002
        scores, target = self(self.network, batch)
        loss = functional.cross_entropy(scores, target, reduction="sum") / max(1, len(target))
        self._training.append((loss.detach(), torch.tensor(len(target), device=loss.device)))
        return loss

    def optimizer_step(self, *arguments: Any, **named: Any) -> None:
        """Averages at once: a checkpoint may be written before the batch's other hooks are called."""
        super().optimizer_step(*arguments, **named)
        # This step is counted after this hook.
        if (self.trainer.global_step + 1) % self.every == 0 or self.trainer.is_last_batch:
            self.averaged.update_parameters(self.network)

    def on_train_batch_end(self, outputs: Any, batch: "Batch", batch_idx: int) -> None:  # noqa: ARG002
        # Told to Lightning once an epoch, not at each step.
        if self.trainer.is_last_batch or self.trainer.should_stop:
            losses, asked = (torch.stack(parts) for parts in zip(*self._training, strict=True))
            self._training.clear()
            mean = (losses * asked).sum() / asked.sum()
            self.log("train/loss", mean, on_step=False, on_epoch=True, batch_size=1, sync_dist=True)

    def validation_step(self, batch: "Batch", batch_idx: int) -> None:  # noqa: ARG002
        scores, target = self(self.served, batch)
        loss = functional.cross_entropy(scores, target, reduction="sum")
        right = (scores.argmax(dim=1) == target).sum()
        counts = (loss, right, (batch.target >= 0).sum(), (batch.syllables > 0).sum())
        self._validation.append(torch.stack([one.double() for one in counts]))

    def on_validation_epoch_end(self) -> None:
        loss, right, legal, every = torch.stack(of_all_processes(self, self._validation)).sum(dim=0)
        self._validation.clear()
        self.log("val/loss", (loss / legal).float(), sync_dist=True)
        self.log("val/char_accuracy", (right / every).float(), sync_dist=True)

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        groups = parameter_groups(self.network, self.params, self.table_rate)
        # Lightning cannot clip for a fused optimizer under mixed precision.
        fused = not self.params.precision.endswith("-mixed")
        optimizer = AdamW(groups, betas=self.betas, fused=fused or None)
        schedule = OneCycleLR(
            optimizer,
            max_lr=[group["lr"] for group in groups],
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


def parameter_groups(network: SyllableLabeller, params: FitParams, table_rate: float) -> list[dict[str, Any]]:
    """Decay for matrices only: biases, norms and rows of tables that few syllables see are left alone."""
    tables = [module.weight for module in network.modules() if isinstance(module, nn.Embedding)]
    others = [weight for weight in network.parameters() if all(weight is not one for one in tables)]
    groups = [
        ([weight for weight in others if weight.ndim > 1], params.weight_decay, 1.0),
        ([weight for weight in others if weight.ndim <= 1], 0.0, 1.0),
        ([weight for weight in tables if weight is not network.window.weight], 0.0, 1.0),
        ([network.window.weight], 0.0, table_rate),
    ]
    return [{"params": own, "weight_decay": decay, "lr": params.lr * rate} for own, decay, rate in groups]
