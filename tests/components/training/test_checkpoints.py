from pathlib import Path

import pytest
import torch

from components.training.checkpoints import WholeCheckpointIO, damage


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


@pytest.mark.parametrize("how", ["whole", "cut", "empty", "a weight", "missing"])
def test_a_damaged_checkpoint_is_known_as_such(tmp_path: Path, how: str) -> None:
    """Torch itself reads a changed weight without a word."""
    path = tmp_path / "last.ckpt"
    WholeCheckpointIO().save_checkpoint({"epoch": 1, "weights": torch.full((100,), 1.5)}, path)
    content = path.read_bytes()
    place = content.index(torch.full((100,), 1.5).numpy().tobytes())
    changed = content[:place] + b"\x01" + content[place + 1 :]
    path.write_bytes({"cut": content[:-200], "empty": b"", "a weight": changed}.get(how, content))
    if how == "a weight":
        assert torch.load(path, weights_only=True)["weights"][0] != 1.5
    if how == "missing":
        path.unlink()
    assert (damage(path) is None) == (how == "whole")
