"""Epochs or steps of a fit as curves in its MLflow run, at a cost that does not grow with their number."""

import time
from typing import Any

import pandas as pd
from lightning.pytorch import Callback, LightningModule, Trainer
from mlflow.entities import Metric

from components.core.params.case import FitParams
from components.tracking.track import Tracker, plain_name

TOLD = ("train/", "val/")
FLUSH_SECONDS = 2.0  # a write costs some ms whatever its size, so short epochs share one


def curve_table(tracker: Tracker, run: str) -> pd.DataFrame:
    """What a fit logged of training and validation: `metric`, `step` (the epoch, if it validates by epochs), `value`.

    In the order of names and steps, so that a fit that was killed and resumed leaves the same as another.
    """
    names = sorted(name for name in tracker.client.get_run(run).data.metrics if name.startswith(TOLD))
    points = [
        (name, step, value)
        for name in names
        for step, value in sorted((one.step, one.value) for one in tracker.client.get_metric_history(run, name))
    ]
    return pd.DataFrame(points, columns=["metric", "step", "value"])


class EpochCurves(Callback):
    """Log every epoch's metrics and learning rates to `run`, each epoch once however often the fit is resumed.

    With `params` that validate by steps, those of every validation, at its step.

    A callback and not a Lightning logger: a logger hears of an epoch after its checkpoint was
    saved, so a kill in between would leave a hole. Here what is not written yet is part of the
    checkpoint, and what was written before a kill is not written again. (Checkpoints are those of
    whole epochs, or of validations where they are by steps.)
    """

    def __init__(self, tracker: Tracker, run: str, params: FitParams | None = None) -> None:
        self._client, self._run = tracker.client, run
        self._steps = params if params is not None and params.validate_every is not None else None
        self._pending: list[tuple[int, int, dict[str, float]]] = []  # epoch or step, ms since 1970, metrics
        self._written: set[tuple[str, int]] | None = None  # name and epoch or step; None: not asked yet
        self._flushed = time.monotonic()
        self._validated = False

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self._validated = not trainer.sanity_checking
        if self._steps is not None and self._validated:
            batches = trainer.fit_loop.total_batch_idx + 1
            self._keep(trainer, self._steps.steps(batches, int(trainer.num_training_batches)))

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        if self._steps is None:
            self._keep(trainer, trainer.current_epoch)
        self._validated = False

    def _keep(self, trainer: Trainer, at: int) -> None:
        if trainer.is_global_zero:
            self._pending.append((at, int(time.time() * 1000), self._metrics(trainer)))
            if time.monotonic() - self._flushed > FLUSH_SECONDS:
                self._flush()

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self._flush()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:  # noqa: ARG002
        self._flush()

    def state_dict(self) -> dict[str, Any]:
        return {"pending": [[at, metrics] for at, _, metrics in self._pending]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        now = int(time.time() * 1000)
        self._pending = [(at, now, metrics) for at, metrics in state_dict["pending"]]

    def _metrics(self, trainer: Trainer) -> dict[str, float]:
        metrics = {
            plain_name(name): float(value)
            for name, value in trainer.callback_metrics.items()
            # Between validations Lightning still shows the last one's metrics.
            if not name.endswith("_step") and (self._validated or name.startswith("train/"))
        }
        for number, optimizer in enumerate(trainer.optimizers, start=1):
            metrics["lr" if number == 1 else f"lr_{number}"] = float(optimizer.param_groups[0]["lr"])
        return metrics

    def _flush(self) -> None:
        if not self._pending:
            return
        if self._written is None:
            self._written = self._already_written()
        points = [
            Metric(name, value, moment, at)
            for at, moment, metrics in self._pending
            for name, value in metrics.items()
            if (name, at) not in self._written
        ]
        self._client.log_batch(self._run, points)
        self._written.update((point.key, point.step) for point in points)
        self._pending.clear()
        self._flushed = time.monotonic()

    def _already_written(self) -> set[tuple[str, int]]:
        names = self._client.get_run(self._run).data.metrics
        return {(name, point.step) for name in names for point in self._client.get_metric_history(self._run, name)}
