"""The loader of items: order, shares and position; and that it does not matter who reads ahead."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from components.core.errors import CasebookError
from components.training.items import Files, ItemLoader
from components.training.slices import SliceLoader
from tests.components.training.test_slices import trainer_at

ITEMS = 10


@dataclass(frozen=True)
class Numbers:
    """The item i is i, a draw of its own, and the process that has read it."""

    size: int = ITEMS

    def __len__(self) -> int:
        return self.size

    def read(self, index: int, seed: int) -> tuple[int, float, int]:
        return index, torch.rand(1, generator=torch.Generator().manual_seed(seed)).item(), os.getpid()


def loader(trainer: Any, *, workers: int = 0, shuffle: bool = True, size: int = ITEMS) -> ItemLoader:
    return ItemLoader(Numbers(size), batch_size=4, seed=1, shuffle=shuffle, trainer=trainer, workers=workers)


def batches(loader: ItemLoader) -> list[list[tuple[int, float]]]:
    return [list(zip(index.tolist(), drawn.tolist(), strict=True)) for index, drawn, _ in loader]


def numbers(loader: ItemLoader) -> list[list[int]]:
    return [[index for index, _ in batch] for batch in batches(loader)]


@pytest.mark.parametrize("epoch", [0, 3])
def test_the_order_is_that_of_slices_and_of_the_epoch(epoch: int) -> None:
    slices = SliceLoader((torch.arange(ITEMS),), batch_size=4, seed=1, shuffle=True, trainer=trainer_at(epoch))
    assert numbers(loader(trainer_at(epoch))) == [rows.tolist() for (rows,) in slices]
    assert numbers(loader(trainer_at(epoch))) != numbers(loader(trainer_at(epoch + 1)))


def test_without_shuffling_items_come_as_they_are_and_draw_the_same_in_every_epoch() -> None:
    assert numbers(loader(trainer_at(), shuffle=False)) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert batches(loader(trainer_at(5), shuffle=False)) == batches(loader(trainer_at(), shuffle=False))


def test_an_item_draws_anew_in_each_epoch_and_otherwise_than_its_neighbours() -> None:
    trainer = trainer_at()
    one = loader(trainer)
    first = dict(item for batch in batches(one) for item in batch)
    trainer.current_epoch = 1
    second = dict(item for batch in batches(one) for item in batch)
    assert first.keys() == second.keys() == set(range(ITEMS))
    assert len({*first.values(), *second.values()}) == 2 * ITEMS


def test_workers_read_the_same_batches_in_every_epoch() -> None:
    trainer = trainer_at()
    alone, helped = loader(trainer), loader(trainer, workers=2)
    for epoch in range(3):
        trainer.current_epoch = epoch
        assert batches(helped) == batches(alone)
    readers = {int(process) for _, _, processes in helped for process in processes}
    assert len(readers) == 2
    assert os.getpid() not in readers


@pytest.mark.parametrize("workers", [0, 2])
def test_a_position_is_that_of_what_was_handed_out_and_not_of_what_was_read(workers: int) -> None:
    whole = batches(loader(trainer_at(2), workers=workers, size=40))
    one = loader(trainer_at(2), workers=workers, size=40)
    ahead = iter(one)
    seen = [next(ahead) for _ in range(3)]  # workers have read on by now
    state = one.state_dict()
    assert (state, len(seen)) == ({"position": 3}, 3)
    assert len(list(ahead)) == 7  # to its end: torch waits 5 s for each worker of a loader that is left halfway
    resumed = loader(trainer_at(2), workers=workers, size=40)
    resumed.load_state_dict(state)
    assert batches(resumed) == whole[3:]
    assert resumed.position == len(resumed) == 10
    assert batches(resumed) == whole  # the epoch after starts at its beginning


def test_an_epoch_that_is_left_halfway_does_not_reach_into_the_next() -> None:
    one = loader(trainer_at(), workers=2, size=40)
    next(iter(one))
    assert batches(one) == batches(loader(trainer_at(), size=40))


def test_processes_share_the_order_and_have_equally_many_batches() -> None:
    whole = [index for batch in numbers(loader(trainer_at())) for index in batch]
    parts = [numbers(loader(trainer_at(rank=rank, world=3))) for rank in range(3)]
    # Of 10 items each of 3 has 3, in batches of ceil(4 / 3).
    assert [[len(batch) for batch in part] for part in parts] == [[2, 1]] * 3
    assert [[index for batch in part for index in batch] for part in parts] == [whole[rank:9:3] for rank in range(3)]
    held_out = [numbers(loader(trainer_at(rank=rank, world=3), shuffle=False)) for rank in range(3)]
    assert sorted(index for part in held_out for batch in part for index in batch) == list(range(ITEMS))


def test_fewer_items_than_processes_are_told() -> None:
    with pytest.raises(CasebookError, match=r"2 row\(s\) cannot be shared by 3 processes"):
        loader(trainer_at(world=3), size=2)


@pytest.mark.parametrize("workers", [0, 1])
def test_reading_leaves_the_global_generator_as_it_was(workers: int) -> None:
    torch.manual_seed(3)
    expected = torch.rand(1).item()
    torch.manual_seed(3)
    batches(loader(trainer_at(), workers=workers))
    assert torch.rand(1).item() == expected


def length(path: Path, seed: int) -> tuple[int, int]:  # noqa: ARG001 - a decoder's signature
    return int(path.stem), len(path.read_bytes())


def test_files_are_items(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.bin" for number in range(5)]
    for number, path in enumerate(paths):
        path.write_bytes(b"x" * (10 + number))
    files = ItemLoader(
        Files(paths, length), batch_size=2, seed=0, shuffle=False, trainer=trainer_at(), collate=list, workers=1
    )
    assert list(files) == [[(0, 10), (1, 11)], [(2, 12), (3, 13)], [(4, 14)]]
