import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import Callback, LightningDataModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import Tensor, nn
from torch.optim import SGD, Optimizer

from components.core.params.case import FitParams
from components.training.learner import Learner, decay_matrices
from components.training.slices import SliceLoader
from components.training.steps import Steps
from tests.toy.jobs import toy_params

X = torch.tensor([[1.0], [2.0], [3.0], [4.0], [5.0]])  # batches of two: (1, 2), (3, 4), (5)


class Rows(LightningDataModule):
    def __init__(self, *, shuffle: bool = False) -> None:
        super().__init__()
        self.shuffle = shuffle

    def train_dataloader(self) -> SliceLoader:
        return SliceLoader((X,), batch_size=2, seed=0, shuffle=self.shuffle, trainer=self.trainer)

    def val_dataloader(self) -> SliceLoader:
        return SliceLoader((X,), batch_size=2, seed=0, shuffle=False, trainer=self.trainer)


class Mean(Learner):
    """Its loss is the weight, which starts at 1, times the mean of the batch."""

    def __init__(self, params: FitParams, *, dropout: float = 0.0) -> None:
        network = nn.Sequential(nn.Dropout(dropout), nn.Linear(1, 1, bias=False))
        nn.init.ones_(network[1].weight)
        super().__init__(network, params)

    def training_loss(self, batch: tuple[Tensor]) -> tuple[Tensor, int]:
        return self.network(batch[0]).mean(), len(batch[0])

    def validated(self, batch: tuple[Tensor]) -> Tensor:
        return batch[0].sum()

    def validation_metrics(self, answers: list[Tensor]) -> Mapping[str, Tensor]:
        return {"sum": torch.stack(answers).sum()}


def fit_params(**values: object) -> FitParams:
    return toy_params("finance_risk", **{f"fit__{name}": value for name, value in values.items()}).fit


STILL = {"lr": 1e-30, "weight_decay": 0.0}


def trainer_of(*callbacks: Callback, epochs: int = 1, **more: Any) -> Trainer:
    return Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=epochs,
        logger=False,
        # Without a checkpoint callback Lightning adds its own, which writes where the tests run.
        callbacks=[*callbacks, ModelCheckpoint(Path(os.devnull), save_top_k=0)],
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        **more,
    )


def trained(learner: Learner) -> Trainer:
    params = learner.params
    trainer = trainer_of(Steps(params), epochs=params.max_epochs, accumulate_grad_batches=params.accumulate)
    trainer.fit(learner, datamodule=Rows())
    return trainer


def test_the_loss_of_an_epoch_is_the_mean_over_batches_by_their_weights() -> None:
    metrics = trained(Mean(fit_params(**STILL, max_epochs=2))).callback_metrics
    assert metrics["train/loss"].item() == pytest.approx((1.5 * 2 + 3.5 * 2 + 5.0 * 1) / 5)
    assert metrics["val/sum"].item() == 15.0


def test_a_fit_that_ends_within_an_epoch_has_a_loss_too() -> None:
    metrics = trained(Mean(fit_params(**STILL, max_steps=2))).callback_metrics
    assert metrics["train/loss"].item() == pytest.approx((1.5 * 2 + 3.5 * 2) / 4)


@pytest.mark.parametrize(
    ("values", "steps"),
    [
        ({"max_epochs": 4}, 4 * 3),
        ({"max_epochs": 4, "accumulate": 2}, 4 * 2),  # of two batches, and the last alone
        ({"max_epochs": 4, "max_steps": 5}, 5),
        ({"max_epochs": 1, "max_steps": 5}, 3),
    ],
)
def test_a_schedule_has_as_many_steps_as_the_optimizer(values: dict[str, Any], steps: int) -> None:
    learner = Mean(fit_params(warmup_fraction=0.0, **values))
    trainer = trained(learner)
    assert learner.total_steps() == trainer.global_step == steps
    assert trainer.optimizers[0].param_groups[0]["lr"] == pytest.approx(0.0, abs=1e-12)  # the end of the cosine


def test_each_step_starts_from_a_seed_of_its_own_place() -> None:
    def drawn(seed: int, batch: int) -> list[float]:
        torch.rand(5)
        Mean(fit_params(seed=seed)).on_train_batch_start((X,), batch)
        return torch.rand(3).tolist()

    assert drawn(1, 0) == drawn(1, 0)
    assert drawn(1, 0) != drawn(1, 1)
    assert drawn(1, 0) != drawn(2, 0)


class KilledError(Exception):
    pass


class KillAt(Callback):
    """Leaves a checkpoint of the middle of an epoch, and dies."""

    def __init__(self, step: int, path: Path) -> None:
        self.step, self.path = step, path

    def on_train_batch_end(self, trainer: Trainer, *arguments: Any, **named: Any) -> None:  # noqa: ARG002
        if trainer.global_step == self.step:
            trainer.save_checkpoint(self.path)
            raise KilledError


def test_a_run_killed_within_an_epoch_ends_with_the_weights_of_an_undisturbed_one(tmp_path: Path) -> None:
    def fit(*callbacks: Callback, resume: Path | None = None) -> Learner:
        learner = Mean(fit_params(lr=0.1), dropout=0.5)
        trainer = trainer_of(*callbacks, epochs=3)
        trainer.fit(learner, datamodule=Rows(shuffle=True), ckpt_path=resume)
        return learner

    undisturbed = fit()
    with pytest.raises(KilledError):
        fit(KillAt(4, tmp_path / "mid.ckpt"))
    resumed = fit(resume=tmp_path / "mid.ckpt")
    assert torch.equal(resumed.network[1].weight, undisturbed.network[1].weight)


def test_steps_are_fused_unless_lightning_could_not_clip_them() -> None:
    names = ("32-true", "bf16-true", "bf16-mixed", "16-mixed")
    found = {name: Mean(fit_params(precision=name)).fused for name in names}
    assert found == {"32-true": True, "bf16-true": True, "bf16-mixed": None, "16-mixed": None}


def test_biases_and_norms_do_not_decay() -> None:
    network = nn.Sequential(nn.Conv1d(2, 3, 1), nn.BatchNorm1d(3), nn.Linear(3, 1))
    decayed, free = decay_matrices(network.parameters(), 0.5)
    assert (decayed["weight_decay"], free["weight_decay"]) == (0.5, 0.0)
    assert [tuple(weight.shape) for weight in decayed["params"]] == [(3, 2, 1), (1, 3)]
    assert [tuple(weight.shape) for weight in free["params"]] == [(3,), (3,), (3,), (1,)]


class Rivals(Learner):
    """Two weights, each stepped by an optimizer of its own: one goes up to the mean of the rows, one down from it."""

    automatic_optimization = False

    def __init__(self, params: FitParams) -> None:
        super().__init__(nn.ParameterList([nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(1))]), params)

    def training_step(self, batch: tuple[Tensor], batch_idx: int) -> None:  # noqa: ARG002
        for place, (weight, optimizer) in enumerate(zip(self.network, self.optimizers(), strict=True)):
            loss = (weight * batch[0]).mean() * (-1 if place == 0 else 1)
            optimizer.zero_grad()
            self.manual_backward(loss)
            optimizer.step()
        for schedule in self.lr_schedulers():
            schedule.step()
        self.keep_loss(loss, len(batch[0]))

    def validated(self, batch: tuple[Tensor]) -> int:
        return len(batch[0])

    def validation_metrics(self, answers: list[int]) -> Mapping[str, float]:
        return {"rows": float(sum(answers))}

    def configure_optimizers(self) -> tuple[list[Optimizer], list[Any]]:
        optimizers: list[Optimizer] = [SGD([weight], lr=self.params.lr) for weight in self.network]
        return optimizers, [self.make_schedule(optimizer) for optimizer in optimizers]


def test_a_learner_may_step_two_optimizers_itself() -> None:
    learner = Rivals(fit_params(lr=0.5, warmup_fraction=0.0, max_epochs=1))
    metrics = trained(learner).callback_metrics
    # Batches of the means 1.5, 3.5 and 5, at rates of 0.5 times 1, 1 and (1 + cos(pi / 2)) / 2.
    assert [weight.item() for weight in learner.network] == pytest.approx([3.75, -3.75])
    losses = [0.0, -0.75 * 3.5, -2.5 * 5.0]  # of the second weight, before each step
    assert metrics["train/loss"].item() == pytest.approx((2 * losses[0] + 2 * losses[1] + losses[2]) / 5)
    assert metrics["val/rows"].item() == 5.0
