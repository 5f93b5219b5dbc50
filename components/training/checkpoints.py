"""Checkpoints that appear whole or not at all."""

from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins.io import TorchCheckpointIO

from components.files import whole_file


class WholeCheckpointIO(TorchCheckpointIO):
    """Lightning's own writes to the system's temporary folder and moves that file over.

    Where the folder is on another file system, the move is a copy, and a kill leaves half of one.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:  # noqa: ARG002
        with whole_file(Path(path)) as temporary:
            torch.save(checkpoint, temporary)
