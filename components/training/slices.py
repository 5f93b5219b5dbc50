"""Batches cut from tensors that live on the device: no per-row Python, no worker processes."""

import math
from collections.abc import Iterator
from typing import Any

import torch
from lightning.pytorch import LightningDataModule, Trainer
from torch import Tensor

from components.core.errors import CasebookError
from components.core.params.case import FitParams
from components.core.seeds import derived_seed


class SliceLoader:
    """Iterates over row slices of equally long tensors in an order given by (seed, epoch).

    Lightning saves and restores `state_dict`, so a run killed in mid-epoch goes on with the very
    next batch. `batch_size` counts the rows of a step in all processes together: of n processes each takes
    every n-th row of the common order, so that a step has the rows that one process alone would have. In
    training all have equally many, and less than n rows are left out; without `shuffle` none is.

    Raises:
        CasebookError: there are fewer rows than processes.
    """

    def __init__(self, tensors: tuple[Tensor, ...], *, batch_size: int, seed: int, shuffle: bool, trainer: Trainer):
        self.tensors = tuple(tensor.to(trainer.strategy.root_device) for tensor in tensors)
        self.batch_size = math.ceil(batch_size / trainer.world_size)
        self.seed = seed
        self.shuffle = shuffle
        self.trainer = trainer
        self.position = 0
        self._skip = 0
        if self.tensors and len(self.tensors[0]) < trainer.world_size:
            raise CasebookError(
                f"{len(self.tensors[0])} row(s) cannot be shared by {trainer.world_size} processes; lower fit.devices"
            )

    @property
    def rows(self) -> int:
        """Rows that this process sees in an epoch."""
        rows, world = len(self.tensors[0]), self.trainer.world_size
        return rows // world if self.shuffle else math.ceil((rows - self.trainer.global_rank) / world)

    def __len__(self) -> int:
        return math.ceil(self.rows / self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        # The tensors are put in the epoch's order once, so that a batch is a view and not a copy.
        ordered = self._ordered()
        start, self._skip = self._skip, 0
        for index in range(start, len(self)):
            self.position = index + 1
            rows = slice(index * self.batch_size, min((index + 1) * self.batch_size, self.rows))
            yield tuple(tensor[rows] for tensor in ordered)

    def _ordered(self) -> tuple[Tensor, ...]:
        """The rows of this process in the epoch's order."""
        mine = slice(self.trainer.global_rank, None, self.trainer.world_size)
        if not self.shuffle:
            return tuple(tensor[mine] for tensor in self.tensors)
        # The epoch is read from the trainer: a hook would be skipped on resuming in mid-epoch.
        generator = torch.Generator().manual_seed(derived_seed(self.seed, self.trainer.current_epoch))
        order = torch.randperm(len(self.tensors[0]), generator=generator)[mine]
        return tuple(tensor[order.to(tensor.device)] for tensor in self.tensors)

    def state_dict(self) -> dict[str, Any]:
        return {"position": self.position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._skip = state["position"] % len(self)


class SliceData(LightningDataModule):
    """Rows to train on, shuffled, and rows to validate on, in one batch: tensors of equal length in each."""

    def __init__(self, train: tuple[Tensor, ...], held_out: tuple[Tensor, ...], params: FitParams) -> None:
        super().__init__()
        self.train, self.held_out, self.params = train, held_out, params

    def train_dataloader(self) -> SliceLoader:
        return self._loader(self.train, self.params.batch_size, shuffle=True)

    def val_dataloader(self) -> SliceLoader:
        return self._loader(self.held_out, max(1, len(self.held_out[0])), shuffle=False)

    def _loader(self, tensors: tuple[Tensor, ...], size: int, *, shuffle: bool) -> SliceLoader:
        assert self.trainer is not None, "Lightning attaches the trainer before it asks for batches"
        return SliceLoader(tensors, batch_size=size, seed=self.params.seed, shuffle=shuffle, trainer=self.trainer)
