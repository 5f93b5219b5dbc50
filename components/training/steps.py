"""Steps of a fit: how many are done, when a validation is due, when the last step has come."""

from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from components.core.errors import CasebookError
from components.core.params.case import FitParams

NEVER = 2**62  # batches between two validations, where this callback says when one is due


class Steps(Callback):
    """Counts steps as `FitParams` has them, validates after every `validate_every`-th, ends the fit after `max_steps`.

    Lightning's own `max_steps` counts the steps of each optimizer. Its own interval counts batches, and would fall
    between the batches of one step, whose gradients no checkpoint holds. `due` says of the batch that has just been
    trained on that a validation follows, or the end of its epoch where epochs are what is counted.
    """

    def __init__(self, params: FitParams) -> None:
        self.params = params
        self.done, self.epochs, self.planned = 0, 0, 0
        self.due = False
        self._resumed = False

    @property
    def ended(self) -> bool:
        """Whether `max_steps` were made."""
        return self.params.max_steps is not None and self.done >= self.params.max_steps

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        if self.params.validate_every is not None and not sum(trainer.num_val_batches):
            raise CasebookError(
                f"fit.validate_every is {self.params.validate_every}, but the data have nothing held out to validate "
                "on; say validate_every: null, or hold some out"
            )
        self.planned = self.params.planned_steps(int(trainer.num_training_batches))
        trainer.should_stop = trainer.should_stop or self.ended

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, *batch: Any) -> None:
        if self._resumed:
            _check_position(trainer, pl_module, batch[-1])
            self._resumed = False

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *batch: Any) -> None:  # noqa: ARG002
        before, self.epochs = self.done, trainer.current_epoch + 1
        self.done = self.params.steps(trainer.fit_loop.total_batch_idx + 1, int(trainer.num_training_batches))
        trainer.should_stop = trainer.should_stop or self.ended
        if (every := self.params.validate_every) is None:
            self.due = trainer.is_last_batch or trainer.should_stop
            return
        last = trainer.is_last_batch and self.epochs == self.params.max_epochs
        self.due = (self.done > before and self.done % every == 0) or last or trainer.should_stop
        trainer.val_check_batch = 1 if self.due else NEVER

    def state_dict(self) -> dict[str, Any]:
        following = self.epochs if self.params.validate_every is None else self.done + 1
        return {"done": self.done, "epochs": self.epochs, "next": following, "planned": self.planned}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.done, self.epochs, self.planned = (state_dict[name] for name in ("done", "epochs", "planned"))
        self._resumed = True


def is_due(trainer: Trainer) -> bool:
    """Whether the batch that has just been trained on is the last before a validation, or of its epoch or fit.

    A learner that tells the mean of its loss tells it then, of the batches since it told the last one: what it keeps
    between two validations is in no checkpoint.
    """
    counted = [callback for callback in trainer.callbacks if isinstance(callback, Steps)]  # type: ignore[attr-defined]
    return counted[0].due if counted else trainer.is_last_batch or trainer.should_stop


def _check_position(trainer: Trainer, learner: LightningModule, batch_idx: int) -> None:
    """Hold the loader's place against Lightning's after a checkpoint was read.

    Raises:
        CasebookError: the loader has begun its epoch anew.
    """
    position = getattr(trainer.train_dataloader, "position", batch_idx + 1)
    if position != batch_idx + 1:
        raise CasebookError(
            f"fit.validate_every: batch {batch_idx + 1} of the epoch should follow, but the loader is at {position}: "
            f"{type(learner).__name__} made it before the checkpoint was read, as trainer.estimated_stepping_batches "
            "does; in configure_optimizers ask fit.planned_steps(len(loader)) of the parameters instead"
        )
