"""Two learners that train in a moment: one that counts steps, one that steps two optimizers itself."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningDataModule, LightningModule, Trainer
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.lr_scheduler import LambdaLR

from components.core.job import Job
from components.core.params.case import FitParams
from components.core.parts import Training
from components.core.seeds import derived_seed
from components.training.items import ItemLoader
from components.training.slices import SliceLoader
from components.training.steps import is_due
from tests.toy.jobs import toy_job

ROWS, BATCH = 40, 4
BATCHES = ROWS // BATCH  # of an epoch


def toy(learner: Callable[..., LightningModule], *, items: bool = False, **values: Any) -> tuple[Job, Training]:
    """A fit of `learner` on toy rows; `values` of its parameters."""
    job = toy_job("finance_risk", Path())
    chosen = {"batch_size": BATCH, "max_epochs": 3, "patience": 100, "gradient_clip": None, **values}
    job = job.with_values({f"fit.{name}": value for name, value in chosen.items()})
    training = Training(
        data=lambda inner: ToyData(inner.params.fit, items=items),
        learner=lambda inner, _data: learner(inner.params.fit),
        monitor="val/loss",
        mode="min",
    )
    return job, training


def toy_rows() -> tuple[Tensor, Tensor]:
    drawn = torch.Generator().manual_seed(5)
    x = torch.randn(ROWS, 3, generator=drawn)
    return x, x @ torch.tensor([1.0, -2.0, 0.5]) + 0.1 * torch.randn(ROWS, generator=drawn)


class ToyItems:
    """Rows read one by one, each with some noise of its own."""

    def __len__(self) -> int:
        return ROWS

    def read(self, index: int, seed: int) -> tuple[Tensor, Tensor]:
        x, y = toy_rows()
        return x[index] + 0.01 * torch.randn(3, generator=torch.Generator().manual_seed(seed)), y[index]


class ToyData(LightningDataModule):
    def __init__(self, params: FitParams, *, items: bool) -> None:
        super().__init__()
        self.params, self.items = params, items

    def train_dataloader(self) -> SliceLoader:
        given: dict[str, Any] = {"batch_size": self.params.batch_size, "seed": self.params.seed, "shuffle": True}
        if self.items:
            return ItemLoader(ToyItems(), trainer=self.trainer, workers=1, **given)
        return SliceLoader(toy_rows(), trainer=self.trainer, **given)

    def val_dataloader(self) -> SliceLoader:
        return SliceLoader(toy_rows(), batch_size=ROWS, seed=0, shuffle=False, trainer=self.trainer)


class Seeded(LightningModule):
    """Draws by position, and has a schedule that is as long as the fit."""

    def __init__(self, params: FitParams) -> None:
        super().__init__()
        self.params = params

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:  # noqa: ARG002
        torch.default_generator.manual_seed(
            derived_seed(self.params.seed + self.global_rank, self.current_epoch, batch_idx)
        )

    def schedule(self, optimizer: torch.optim.Optimizer) -> LambdaLR:
        steps = self.params.planned_steps(len(self.trainer.datamodule.train_dataloader()))  # type: ignore[attr-defined]
        return LambdaLR(optimizer, Falling(steps))


class Falling:
    """Of the rate: from 1 to 0 in a straight line."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def __call__(self, step: int) -> float:
        return 1 - step / self.steps


class StepLearner(Seeded):
    """A line through rows of which dropout leaves some out; tells its loss whenever it is validated."""

    def __init__(self, params: FitParams) -> None:
        super().__init__(params)
        self.line, self.drop = nn.Linear(3, 1), nn.Dropout(0.3)
        self.losses: list[Tensor] = []

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:  # noqa: ARG002
        loss = functional.mse_loss(self.line(self.drop(batch[0]))[:, 0], batch[1])
        self.losses.append(loss.detach())
        return loss

    def on_train_batch_end(self, *batch: Any) -> None:  # noqa: ARG002
        if is_due(self.trainer):
            self.log("train/loss", torch.stack(self.losses).mean(), on_step=True, on_epoch=False, sync_dist=True)
            self.losses.clear()

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:  # noqa: ARG002
        self.log("val/loss", functional.mse_loss(self.line(batch[0])[:, 0], batch[1]), sync_dist=True)

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.AdamW(self.parameters(), lr=self.params.lr)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": self.schedule(optimizer), "interval": "step"}}


class Pair(Seeded):
    """A maker of rows and a judge of them, each with an optimizer and a schedule; validated by how far means are."""

    def __init__(self, params: FitParams) -> None:
        super().__init__(params)
        self.automatic_optimization = False
        self.maker, self.judge = nn.Linear(2, 3), nn.Linear(3, 1)

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:  # noqa: ARG002
        makers, judges = self.optimizers()
        real, made = batch[0], self.maker(torch.randn(len(batch[0]), 2))
        apart = functional.softplus(self.judge(made.detach())).mean() + functional.softplus(-self.judge(real)).mean()
        self._update(judges, apart)
        self._update(makers, functional.softplus(-self.judge(made)).mean())
        for schedule in self.lr_schedulers():
            schedule.step()

    def _update(self, optimizer: Any, loss: Tensor) -> None:
        optimizer.zero_grad()
        self.manual_backward(loss)
        optimizer.step()

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:  # noqa: ARG002
        made = self.maker(torch.randn(200, 2, generator=torch.Generator().manual_seed(1)))
        self.log("val/loss", (made.mean(dim=0) - batch[0].mean(dim=0)).norm(), sync_dist=True)

    def configure_optimizers(self) -> Any:
        optimizers = [
            torch.optim.Adam(self.maker.parameters(), lr=self.params.lr),
            torch.optim.Adam(self.judge.parameters(), lr=2 * self.params.lr),
        ]
        return optimizers, [self.schedule(optimizer) for optimizer in optimizers]


class Seen(Callback):
    """What a fit did: the batches it trained on, and the steps after which it was validated, with what it then told."""

    def __init__(self, params: FitParams) -> None:
        self.params = params
        self.batches: list[tuple[int, int]] = []
        self.told: list[tuple[int, dict[str, float]]] = []

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, *batch: Any) -> None:  # noqa: ARG002
        self.batches.append((trainer.current_epoch, batch[-1]))

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        batches = trainer.fit_loop.total_batch_idx + 1
        told = {name: float(value) for name, value in trainer.callback_metrics.items()}
        self.told.append((self.params.steps(batches, int(trainer.num_training_batches)), told))
