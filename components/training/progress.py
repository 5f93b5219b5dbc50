"""Progress of a training on the screen: the epoch or the step, the metrics, the time left."""

import logging
import time
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from components.training.steps import Steps

log = logging.getLogger(__name__)


class ProgressLog(Callback):
    """One line every few seconds, and one for the last epoch."""

    def __init__(self, max_epochs: int, every_seconds: float = 5.0) -> None:
        self.max_epochs = max_epochs
        self.every_seconds = every_seconds
        self._started = self._said = time.monotonic()
        self._first_epoch = 0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self._started = self._said = time.monotonic()
        self._first_epoch = trainer.current_epoch

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        now = time.monotonic()
        epoch = trainer.current_epoch + 1
        if now - self._said < self.every_seconds and epoch < self.max_epochs:
            return
        self._said = now
        per_epoch = (now - self._started) / max(1, epoch - self._first_epoch)
        left = per_epoch * (self.max_epochs - epoch)
        log.info("epoch %d/%d  %s  at most %.0f s left", epoch, self.max_epochs, _metrics(trainer), left)


class StepLog(Callback):
    """The same for a fit that counts steps: one line every few seconds, and one for the last step."""

    def __init__(self, steps: Steps, every_seconds: float = 5.0) -> None:
        self.steps = steps
        self.every_seconds = every_seconds
        self._started = self._said = time.monotonic()
        self._first_step = 0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self._started = self._said = time.monotonic()
        self._first_step = self.steps.done

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *batch: Any) -> None:  # noqa: ARG002
        if time.monotonic() - self._said >= self.every_seconds:
            self._say(trainer)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self._say(trainer)

    def _say(self, trainer: Trainer) -> None:
        self._said = time.monotonic()
        done, planned = self.steps.done, self.steps.planned
        left = (self._said - self._started) / max(1, done - self._first_step) * (planned - done)
        log.info("step %d/%d  %s  at most %.0f s left", done, planned, _metrics(trainer), left)


def _metrics(trainer: Trainer) -> str:
    return "  ".join(f"{name} {float(value):.4f}" for name, value in sorted(trainer.callback_metrics.items()))
