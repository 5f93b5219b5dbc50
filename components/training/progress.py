"""What a person sees while a learner trains: the epoch, the metrics, the time left."""

import logging
import time

from lightning.pytorch import Callback, LightningModule, Trainer

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
        metrics = "  ".join(f"{name} {float(value):.4f}" for name, value in sorted(trainer.callback_metrics.items()))
        log.info("epoch %d/%d  %s  at most %.0f s left", epoch, self.max_epochs, metrics, left)
