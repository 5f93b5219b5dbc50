"""The base of every learner: what a fit needs besides a loss, and is the same for all of them."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LRScheduler

from components.core.params.case import FitParams
from components.core.seeds import derived_seed
from components.training.gather import of_all_processes
from components.training.schedules import rates
from components.training.steps import is_due

Groups = list[dict[str, Any]]


class Learner(LightningModule):
    """Fits `network`. A subclass states its `training_loss`, and what it validates by `validated` and
    `validation_metrics`; it may state its `parameter_groups` and `make_optimizer`, and the `betas` and `floor` of
    AdamW and of the rates (see `rates`).

    Logs `train/loss`, the mean since the validation before, and the metrics of validation below `val/`. A learner of
    several optimizers sets `automatic_optimization` to False, and has a `training_step` and `configure_optimizers` of
    its own, which `keep_loss`, `make_schedule` and `total_steps` serve as well.
    """

    betas: tuple[float, float] = (0.9, 0.999)
    floor: float | None = None

    def __init__(self, network: nn.Module, params: FitParams) -> None:
        super().__init__()
        self.network = network
        self.params = params
        self._losses: list[tuple[Tensor, Tensor | int]] = []
        self._validated: list[Any] = []

    def training_loss(self, batch: Any) -> tuple[Tensor, Tensor | int]:
        """What a step lowers, and the weight of the batch in the epoch's mean."""
        raise NotImplementedError

    def validated(self, batch: Any) -> Any:
        """What `validation_metrics` needs of a batch: tensors, tuples of them, or what can be pickled."""
        raise NotImplementedError

    def validation_metrics(self, answers: list[Any]) -> Mapping[str, Tensor | float]:
        """Metrics by name of what was `validated`, of all processes: AUC or precision of a part is not the whole's."""
        raise NotImplementedError

    def parameter_groups(self) -> Groups:
        return decay_matrices(self.network.parameters(), self.params.weight_decay)

    def make_optimizer(self) -> Optimizer:
        return AdamW(self.parameter_groups(), lr=self.params.lr, betas=self.betas, fused=self.fused)

    @property
    def fused(self) -> bool | None:
        """Whether the optimizer's steps are; Lightning cannot clip for one that is under mixed precision."""
        return None if self.params.precision.endswith("-mixed") else True

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:  # noqa: ARG002 - Lightning's signature
        # No checkpoint holds the generators that dropout and negatives are drawn from: seeding them by position
        # makes a resumed run draw what the undisturbed one would have drawn.
        seed = derived_seed(self.params.seed + self.global_rank, self.current_epoch, batch_idx)
        torch.default_generator.manual_seed(seed)
        if self.device.type == "cuda":
            torch.cuda.manual_seed(seed)

    def training_step(self, batch: Any, batch_idx: int) -> Tensor | None:  # noqa: ARG002
        loss, weight = self.training_loss(batch)
        self.keep_loss(loss, weight)
        return loss

    def keep_loss(self, loss: Tensor, weight: Tensor | int) -> None:
        """Count a batch's loss into the mean."""
        self._losses.append((loss.detach(), weight))

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:  # noqa: ARG002
        # Told to Lightning before each validation: `log` at each step would cost a tenth of a small network's step.
        if self._losses and is_due(self.trainer):
            losses = torch.stack([loss for loss, _ in self._losses])
            weights = torch.stack([torch.as_tensor(weight, device=losses.device) for _, weight in self._losses])
            self._losses.clear()
            mean = (losses * weights).sum() / weights.sum()
            stepwise = self.params.validate_every is not None
            self.log("train/loss", mean, on_step=stepwise, on_epoch=not stepwise, batch_size=1, sync_dist=True)

    def validation_step(self, batch: Any, batch_idx: int) -> None:  # noqa: ARG002
        self._validated.append(self.validated(batch))

    def on_validation_epoch_end(self) -> None:
        answers = of_all_processes(self, self._validated)
        self._validated = []
        for name, value in self.validation_metrics(answers).items():
            self.log(f"val/{name}", value, sync_dist=True)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        optimizer = self.make_optimizer()
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": self.make_schedule(optimizer), "interval": "step"},
        }

    def make_schedule(self, optimizer: Optimizer) -> LRScheduler:
        fraction = self.params.warmup_fraction
        return rates(optimizer, self.total_steps(), warmup_fraction=fraction, floor=self.floor)

    def total_steps(self) -> int:
        """Steps of an optimizer in the whole fit, which may end before."""
        # Not the trainer's estimated_stepping_batches: it makes the loaders before a checkpoint is read, and
        # Lightning then never hands them their state, so that a killed epoch would begin again.
        return self.params.planned_steps(len(self.trainer.datamodule.train_dataloader()))  # type: ignore[attr-defined]


def decay_matrices(weights: Iterable[nn.Parameter], weight_decay: float) -> Groups:
    """Two groups, of which matrices and kernels decay: biases and the scales of norms are left alone."""
    weights = list(weights)
    return [
        {"params": [weight for weight in weights if weight.ndim > 1], "weight_decay": weight_decay},
        {"params": [weight for weight in weights if weight.ndim <= 1], "weight_decay": 0.0},
    ]
