from pathlib import Path

import pytest
import torch

from components.training.checkpoints import WholeCheckpointIO


class NoSpaceError(Exception):
    pass


class Unsaved:
    """Its bytes never reach the disk whole."""

    def __reduce__(self) -> tuple:
        raise NoSpaceError


def test_a_checkpoint_that_is_cut_off_leaves_the_one_before(tmp_path: Path) -> None:
    checkpoints, path = WholeCheckpointIO(), tmp_path / "last.ckpt"
    checkpoints.save_checkpoint({"epoch": 1, "weights": torch.ones(3)}, path)
    with pytest.raises(NoSpaceError):
        checkpoints.save_checkpoint({"epoch": 2, "weights": torch.zeros(1000), "more": Unsaved()}, path)
    assert checkpoints.load_checkpoint(path, weights_only=True)["epoch"] == 1
    assert [found.name for found in tmp_path.iterdir()] == ["last.ckpt"]
