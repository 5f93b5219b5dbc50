"""The loader reads four things of Lightning's trainer; a namespace stands for a trainer at any epoch and rank."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from components.core.errors import CasebookError
from components.training.slices import SliceLoader

ROWS = 10


def trainer_at(epoch: int = 0, rank: int = 0, world: int = 1) -> Any:
    device = SimpleNamespace(root_device=torch.device("cpu"))
    return SimpleNamespace(current_epoch=epoch, global_rank=rank, world_size=world, strategy=device)


def loader(trainer: Any, *, rows: int = ROWS, batch_size: int = 4, seed: int = 1, shuffle: bool = True) -> SliceLoader:
    index = torch.arange(rows)
    return SliceLoader((index, index * 10), batch_size=batch_size, seed=seed, shuffle=shuffle, trainer=trainer)


def order(loader: SliceLoader) -> list[int]:
    return [row for index, _ in loader for row in index.tolist()]


def test_the_last_batch_is_short_and_no_row_is_left_out() -> None:
    batches = [index for index, _ in loader(trainer_at(), shuffle=False)]
    assert [batch.tolist() for batch in batches] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert len(loader(trainer_at())) == 3


def test_tensors_stay_side_by_side() -> None:
    assert all(torch.equal(index * 10, tens) for index, tens in loader(trainer_at()))


def test_the_order_is_a_function_of_seed_and_epoch_only() -> None:
    epochs = [order(loader(trainer_at(epoch), seed=seed)) for seed in (1, 2) for epoch in (0, 1, 2)]
    assert all(sorted(epoch) == list(range(ROWS)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 6
    # What was drawn before, here or from the global generator, does not matter.
    trainer = trainer_at()
    used = loader(trainer, seed=1)
    for epoch in (0, 1, 2):
        trainer.current_epoch = epoch
        torch.rand(7)
        assert order(used) == epochs[epoch]


@given(st.integers(1, 40), st.integers(1, 12), st.data())
def test_a_resumed_epoch_yields_exactly_the_batches_that_were_left(rows: int, size: int, data: st.DataObject) -> None:
    whole = loader(trainer_at(3), rows=rows, batch_size=size)
    done = data.draw(st.integers(1, len(whole)))
    batches = [index.tolist() for index, _ in whole]
    killed = loader(trainer_at(3), rows=rows, batch_size=size)
    under_way = iter(killed)
    for _ in range(done):
        next(under_way)
    resumed = loader(trainer_at(3), rows=rows, batch_size=size)
    resumed.load_state_dict(killed.state_dict())
    # A state saved after the last batch belongs to the epoch that follows.
    assert [index.tolist() for index, _ in resumed] == (batches[done:] or batches)
    assert [index.tolist() for index, _ in resumed] == batches  # the skip counts once


def test_two_processes_share_the_rows_of_each_step() -> None:
    first, second = (loader(trainer_at(2, rank, world=2), rows=11, batch_size=4) for rank in (0, 1))
    assert len(first) == len(second) == 3
    alone = [index.tolist() for index, _ in loader(trainer_at(2), rows=11, batch_size=4)]
    steps = [[one.tolist(), other.tolist()] for (one, _), (other, _) in zip(first, second, strict=True)]
    # The last step has three rows: one of them cannot be halved, and both processes have as many.
    assert steps == [[rows[0 : len(rows) // 2 * 2 : 2], rows[1::2]] for rows in alone]


def test_two_processes_share_validation_rows_and_leave_none_out() -> None:
    first, second = (loader(trainer_at(0, rank, world=2), rows=11, batch_size=4, shuffle=False) for rank in (0, 1))
    assert (order(first), order(second)) == ([0, 2, 4, 6, 8, 10], [1, 3, 5, 7, 9])


def test_fewer_rows_than_processes_are_refused() -> None:
    with pytest.raises(CasebookError, match=r"1 row\(s\) cannot be shared by 2 processes; lower fit\.devices"):
        loader(trainer_at(world=2), rows=1)
