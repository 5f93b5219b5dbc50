"""Batches of items that are read one by one: data too large for the device, or for memory."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from lightning.pytorch import Trainer
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, default_collate

from components.core.seeds import derived_seed
from components.training.slices import SliceLoader

Place = tuple[int, int]  # which item, and the seed of what is drawn for it


class Items(Protocol):
    """Items by their number. Worker processes get a copy, so it holds paths or an index and no open file."""

    def __len__(self) -> int: ...

    def read(self, index: int, seed: int) -> Any:
        """The item `index`. What is drawn for it, such as a crop, is drawn from `seed`, another in each epoch."""


@dataclass(frozen=True)
class Files:
    """An item a file; `decode` gets the file's path and the seed, and is a function of a module."""

    paths: Sequence[Path]
    decode: Callable[[Path, int], Any]

    def __len__(self) -> int:
        return len(self.paths)

    def read(self, index: int, seed: int) -> Any:
        return self.decode(self.paths[index], seed)


class ItemLoader(SliceLoader):
    """Batches of `items` in the order, the shares of processes and the position of a `SliceLoader` of their numbers.

    With `workers` that many processes read ahead, `prefetch` batches each. The batches are the same as without: an
    item's seed comes from its number and the epoch, not from who reads it, and a batch is counted when it is handed
    out, not when it is read. Batches are on the CPU, as `collate` makes them; Lightning moves them to the device.
    """

    def __init__(
        self,
        items: Items,
        *,
        batch_size: int,
        seed: int,
        shuffle: bool,
        trainer: Trainer,
        collate: Callable[[list[Any]], Any] = default_collate,
        workers: int = 0,
        prefetch: int = 2,
    ) -> None:
        numbers = (torch.arange(len(items)),)
        super().__init__(numbers, batch_size=batch_size, seed=seed, shuffle=shuffle, trainer=trainer)
        self._batches = _Batches()
        self._loader: DataLoader[Any] = DataLoader(
            _Reader(items),
            batch_sampler=self._batches,
            num_workers=workers,
            prefetch_factor=prefetch if workers else None,
            persistent_workers=workers > 0,
            collate_fn=collate,
            pin_memory=trainer.strategy.root_device.type == "cuda",
            # Of its own: torch draws a seed for the workers, and would draw it from the global generator.
            generator=torch.Generator(),
        )

    def __iter__(self) -> Iterator[Any]:
        start, self._skip = self._skip, 0
        self._batches.rest = self._places(self._ordered()[0].cpu(), self.trainer.current_epoch, start)
        for number, batch in enumerate(self._loader, start):
            self.position = number + 1
            yield batch

    def _places(self, order: Tensor, epoch: int, start: int) -> Iterator[list[Place]]:
        """The batches that an epoch has left; drawn as they are asked for, which workers do ahead of training."""
        drawn = epoch if self.shuffle else 0  # what is validated on stays the same
        for number in range(start, len(self)):
            rows = order[number * self.batch_size : min((number + 1) * self.batch_size, self.rows)]
            yield [(index, derived_seed(self.seed, drawn, index + 1)) for index in rows.tolist()]


class _Batches:
    """The places of the batches to come, set for each epoch: torch's loader keeps workers and sampler over epochs."""

    def __init__(self) -> None:
        self.rest: Iterator[list[Place]] = iter(())

    def __iter__(self) -> Iterator[list[Place]]:
        return self.rest


class _Reader(Dataset[Any]):
    """The items as torch's loader asks for them."""

    def __init__(self, items: Items) -> None:
        self.items = items

    def __getitem__(self, place: Place) -> Any:
        return self.items.read(*place)
