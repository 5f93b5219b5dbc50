"""Epochs as curves: every epoch once, whatever kills the fit in between."""

from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from torch.utils.data import DataLoader

from components.tracking import curves
from components.tracking.curves import EpochCurves, curve_table
from components.tracking.runs import new_run
from components.tracking.track import Tracker
from components.training.fit import fit as train
from tests.components.registry.conftest import Start
from tests.components.training.step_toys import Pair, StepLearner, toy
from tests.components.training.test_steps import Stop, StopError

CASE = "finance_risk"
# One process imports Lightning and forks: each scenario is a child that is killed and one that resumes.
FITS = '''
import os, sys
from pathlib import Path
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from components.tracking import curves
from components.tracking.curves import EpochCurves
from components.tracking.track import connect
from tests.components.tracking.test_curves import EPOCHS, Line


class Kill(Callback):
    def __init__(self, at):
        self.at = at

    def on_train_epoch_start(self, trainer, module):
        if self.at == f"start {trainer.current_epoch}":
            os.kill(os.getpid(), 9)


class Checkpoint(ModelCheckpoint):
    """Dies before or after it has saved the checkpoint of an epoch."""

    kill_at = "never"

    def _save_checkpoint(self, trainer, path):
        if self.kill_at == f"before {trainer.current_epoch}":
            os.kill(os.getpid(), 9)
        super()._save_checkpoint(trainer, path)
        if self.kill_at == f"after {trainer.current_epoch}":
            os.kill(os.getpid(), 9)


def fit(root, run, kill_at):
    keep = Checkpoint(
        dirpath=root / run, monitor="val/loss", save_last=True
    )
    keep.kill_at = kill_at
    trainer = Trainer(
        max_epochs=EPOCHS, logger=False, enable_progress_bar=False, enable_model_summary=False, accelerator="cpu",
        num_sanity_val_steps=1, callbacks=[EpochCurves(connect(root), run), keep, Kill(kill_at)],
    )
    last = root / run / "last.ckpt"
    trainer.fit(Line(), ckpt_path=last if last.exists() else None)


for scenario in sys.argv[2:]:
    run, kill_at, flush = scenario.split(",")
    for moment in (kill_at, "never"):
        child = os.fork()
        if child == 0:
            curves.FLUSH_SECONDS = 0.0 if flush == "eager" else 1e9
            fit(Path(sys.argv[1]), run, moment)
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
'''
EPOCHS = 5


class Line(LightningModule):
    """Learns y = 2x from two rows, the same in every process."""

    def __init__(self) -> None:
        super().__init__()
        self.slope = torch.nn.Parameter(torch.zeros(1))

    def _step(self, batch: torch.Tensor, split: str) -> torch.Tensor:
        loss = ((2 * batch - self.slope * batch) ** 2).mean()
        self.log(f"{split}/loss", loss, on_step=split == "train", on_epoch=True)
        return loss

    def training_step(self, batch: torch.Tensor, index: int) -> torch.Tensor:  # noqa: ARG002
        return self._step(batch, "train")

    def validation_step(self, batch: torch.Tensor, index: int) -> None:  # noqa: ARG002
        self._step(batch, "val")

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)

    def train_dataloader(self) -> DataLoader[torch.Tensor]:
        return DataLoader(torch.tensor([1.0, 0.5]))  # type: ignore[arg-type]

    def val_dataloader(self) -> DataLoader[torch.Tensor]:
        return DataLoader(torch.tensor([1.0]))  # type: ignore[arg-type]


def fit(tracker: Tracker, run: str, **options: Any) -> Trainer:
    trainer = Trainer(
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        accelerator="cpu",
        callbacks=[EpochCurves(tracker, run)],
        **options,
    )
    trainer.fit(Line())
    return trainer


def points(tracker: Tracker, run: str, name: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in tracker.client.get_metric_history(run, name)]


def test_each_epoch_is_one_point_of_each_metric(tracker: Tracker) -> None:
    run = new_run(tracker, CASE, "fit", {})
    fit(tracker, run, max_epochs=3)
    assert set(tracker.client.get_run(run).data.metrics) == {"train/loss", "train/loss_epoch", "val/loss", "lr"}
    # The loss falls by (1 - 2·0.1·x²)² each step; x is 1, then 0.5. val/loss is (2 - slope)².
    factor = (1 - 0.2) * (1 - 0.05)
    assert points(tracker, run, "val/loss") == [
        (epoch, pytest.approx(4 * factor ** (2 * (epoch + 1)), rel=1e-5)) for epoch in range(3)
    ]
    assert points(tracker, run, "lr") == [(epoch, pytest.approx(0.1)) for epoch in range(3)]
    assert tracker.client.get_run(run).info.status == "RUNNING"  # ending it is the fit's own business


def test_an_epoch_without_validation_repeats_no_old_figure(tracker: Tracker) -> None:
    run = new_run(tracker, CASE, "fit", {})
    fit(tracker, run, max_epochs=4, check_val_every_n_epoch=2)
    assert [step for step, _ in points(tracker, run, "val/loss")] == [1, 3]
    assert [step for step, _ in points(tracker, run, "train/loss_epoch")] == [0, 1, 2, 3]


def test_short_epochs_share_a_write(tracker: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    run = new_run(tracker, CASE, "fit", {})
    writes = []
    write = tracker.client.log_batch
    monkeypatch.setattr(tracker.client, "log_batch", lambda *given: writes.append(given) or write(*given))
    monkeypatch.setattr(curves, "FLUSH_SECONDS", 60.0)
    fit(tracker, run, max_epochs=50)
    assert len(writes) == 1
    assert [step for step, _ in points(tracker, run, "val/loss")] == list(range(50))


def test_what_an_exception_leaves_unwritten_is_written(tracker: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    run = new_run(tracker, CASE, "fit", {})
    monkeypatch.setattr(curves, "FLUSH_SECONDS", 60.0)

    def stop(module: Line) -> None:
        if module.current_epoch == 2:
            raise ValueError("no")

    monkeypatch.setattr(Line, "on_train_epoch_start", stop)
    with pytest.raises(ValueError, match="no"):
        fit(tracker, run, max_epochs=5)
    assert [step for step, _ in points(tracker, run, "val/loss")] == [0, 1]


@pytest.mark.slow
def test_a_killed_fit_has_the_curves_of_an_undisturbed_one(tracker: Tracker, root: Path, start: Start) -> None:
    scenarios = [
        ("after 2", "eager"),
        ("after 2", "lazy"),
        ("before 2", "eager"),
        ("start 3", "lazy"),
        ("after 4", "lazy"),  # the last one
    ]
    runs = [new_run(tracker, CASE, " ".join(scenario), {}) for scenario in scenarios]
    words = [",".join((run, *scenario)) for run, scenario in zip(runs, scenarios, strict=True)]
    process = start(FITS, str(root), *words)
    out, error = process.communicate()
    assert out.split() == ["-9", "0"] * len(scenarios), error
    undisturbed = new_run(tracker, CASE, "undisturbed", {})
    fit(tracker, undisturbed, max_epochs=EPOCHS)
    for run, scenario in zip(runs, scenarios, strict=True):
        for name in ("train/loss_epoch", "val/loss", "lr"):
            assert points(tracker, run, name) == points(tracker, undisturbed, name), (scenario, name)


@pytest.mark.slow
@pytest.mark.parametrize(("learner", "rates"), [(StepLearner, {"lr"}), (Pair, {"lr", "lr_2"})])
def test_with_validations_by_steps_each_is_one_point_at_its_step(
    tracker: Tracker, tmp_path: Path, learner: Any, rates: set[str]
) -> None:
    job, case = toy(learner, validate_every=4, max_epochs=2, lr=0.1)
    whole, cut = (new_run(tracker, CASE, "fit", {}) for _ in range(2))
    train(job, case, state=tmp_path / "whole", callbacks=[EpochCurves(tracker, whole, job.params.fit)])
    stop = Stop(1, 3, "on_train_batch_end")  # step 14, after the point at 12
    with pytest.raises(StopError):
        train(job, case, state=tmp_path / "cut", callbacks=[EpochCurves(tracker, cut, job.params.fit), stop])
    train(job, case, state=tmp_path / "cut", callbacks=[EpochCurves(tracker, cut, job.params.fit)])
    names = {"val/loss", *rates, *({"train/loss"} if learner is StepLearner else set())}
    assert set(tracker.client.get_run(whole).data.metrics) == names
    steps = [4, 8, 12, 16, 20]
    for name in names:
        assert [step for step, _ in points(tracker, whole, name)] == steps
        assert points(tracker, cut, name) == points(tracker, whole, name)
    # The rate falls in a straight line over 2 * 10 steps, the judge's from twice as high.
    for name, height in {"lr": 0.1, "lr_2": 0.2}.items():
        if name in names:
            assert points(tracker, whole, name) == [(at, pytest.approx(height * (1 - at / 20))) for at in steps]


def test_a_table_has_the_curves_of_training_and_validation(tracker: Tracker) -> None:
    run = new_run(tracker, CASE, "fit", {})
    tracker.log_metrics(run, {"val/loss": 0.4, "lr": 0.1}, step=1)
    tracker.log_metrics(run, {"val/loss": 0.5, "train/loss": 0.7, "test/auc": 0.8}, step=0)
    table = curve_table(tracker, run)
    assert table.to_dict("split")["data"] == [["train/loss", 0, 0.7], ["val/loss", 0, 0.5], ["val/loss", 1, 0.4]]
