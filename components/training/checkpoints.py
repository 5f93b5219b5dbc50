"""Checkpoints that appear whole or not at all, and when a fit writes the one that it can go on from."""

import zipfile
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins.io import TorchCheckpointIO
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint

from components.core.files import whole_file
from components.training.steps import Steps


class WholeCheckpointIO(TorchCheckpointIO):
    """Lightning's own writes to the system's temporary folder and moves that file over.

    Where the folder is on another file system, the move is a copy, and a kill leaves half of one.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:  # noqa: ARG002
        with whole_file(Path(path)) as temporary:
            torch.save(checkpoint, temporary)


def damage(checkpoint: Path) -> str | None:
    """What is wrong with a checkpoint's file, by the checksums in it; None if it is as it was written.

    torch itself looks at none of them when it reads.
    """
    try:
        with zipfile.ZipFile(checkpoint) as archive:
            broken = archive.testzip()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None if broken is None else f"{broken} is not what was written"


class KeepLast(Checkpoint):
    """Writes the state that a killed fit goes on from: after each epoch, or each validation where steps are counted.

    Lightning's `ModelCheckpoint` does one or the other. A validation after an epoch's last batch is left to the end
    of the epoch, which Lightning counts then; an epoch that ends between two validations by steps is passed over,
    for what a learner keeps between them is in no checkpoint.
    """

    def __init__(self, path: Path, steps: Steps) -> None:
        self.path, self.steps = path, steps

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        if not trainer.sanity_checking and not trainer.is_last_batch:
            trainer.save_checkpoint(self.path)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        if self.steps.due:
            trainer.save_checkpoint(self.path)
