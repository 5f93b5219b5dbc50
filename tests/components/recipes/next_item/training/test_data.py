from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from components.core.errors import CasebookError
from components.recipes.next_item.encoding.tokens import last_windows
from components.recipes.next_item.training.data import Batch, SequenceData, WindowLoader
from tests.components.recipes.next_item.sequence_toys import ITEMS, TOKENS, fit_params, random_users, write_prepared
from tests.components.training.test_slices import trainer_at

USERS = random_users(30, 12)
WINDOW, NEXT = 4, 2


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_prepared(tmp_path_factory.mktemp("prepared"), USERS)


def data(prepared: Path, trainer: Any = None, **values: Any) -> SequenceData:
    options = {"window": WINDOW, "next_items": NEXT} | values
    module = SequenceData(prepared, fit_params(batch_size=4, seed=3), TOKENS, **options)
    module.trainer = trainer or trainer_at()
    return module


def batches(prepared: Path, trainer: Any = None, **values: Any) -> list[Batch]:
    return list(data(prepared, trainer, **values).train_dataloader())


def met_by(batch: Batch, row: int, column: int) -> list[int]:
    kept = (batch.met_row == row) & (batch.met_column <= column)
    return sorted(batch.met_item[kept].tolist())


def test_windows_are_left_padded_and_each_event_asks_for_the_next_ones(prepared: Path) -> None:
    module = data(prepared, window=20)  # every user is one window
    loader = module.train_dataloader()
    flat, bounds = loader.flat, loader.flat.bounds
    batch = flat.batch(np.array([3, 0]), bounds[[3, 0]], bounds[[4, 1]] - 1, None, 2)
    for row, user in enumerate((3, 0)):
        items = USERS[user][:-1]
        padding = batch.item.shape[1] - (len(items) - 1)
        assert batch.valid[row].tolist() == [False] * padding + [True] * (len(items) - 1)
        assert batch.item[row].tolist() == [0] * padding + items[:-1]
        # Past the last event that one is asked again.
        following = [[items[place + 1], items[min(place + 2, len(items) - 1)]] for place in range(len(items) - 1)]
        assert batch.target[row, padding:].tolist() == following
        seconds = [40 * (place // 2) for place in range(len(items) - 1)]
        assert batch.times[row].tolist() == [0] * padding + seconds
    assert batch.user.tolist() == [[1 + 3 % 2], [1]]


def test_what_a_user_met_is_known_at_every_column(prepared: Path) -> None:
    flat = data(prepared).train_dataloader().flat
    user = max(range(len(USERS)), key=lambda one: len(USERS[one]))
    items, start = USERS[user][:-1], flat.bounds[user]
    batch = flat.batch(np.array([user, 0]), np.array([start + 2, 0]), np.array([start + 5, 1]), None, 1)
    # The window opens with the third event: at its first column three items are met.
    for column in range(3):
        assert met_by(batch, 0, column) == sorted(items[: 3 + column])
    assert met_by(batch, 1, 1) == []  # the other user's one event stands at the last column
    assert met_by(batch, 1, 2) == [USERS[0][0]]


def test_every_event_but_the_last_is_asked_about_once_an_epoch(prepared: Path) -> None:
    asked = sum(int(batch.valid.sum()) for batch in batches(prepared))
    every = sum(len(items) - 2 for items in USERS)  # one is held out, one has no next
    # A rest of a single event is left out.
    assert every - len(USERS) <= asked <= every
    whole = sum(int(batch.valid.sum()) for batch in batches(prepared, window=20))
    assert whole == every


def test_offsets_and_ties_are_drawn_anew_each_epoch_and_from_nothing_else(prepared: Path) -> None:
    module = data(prepared)
    loader = module.train_dataloader()
    epochs = []
    for epoch in (0, 1, 0):
        torch.rand(3)
        loader.trainer = trainer_at(epoch)
        epochs.append(list(loader))
    assert all(same(a, b) for a, b in zip(epochs[0], epochs[2], strict=True))
    assert not all(same(a, b) for a, b in zip(epochs[0], epochs[1], strict=True))


def same(first: Batch, second: Batch) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_ties_move_with_their_ratings_and_never_over_the_clock(prepared: Path) -> None:
    module = data(prepared)
    flat = module.train_dataloader().flat
    moved = flat.with_ties_shuffled(np.random.default_rng(0))
    assert moved.rating is not None
    assert torch.equal(moved.features[:, moved.rating], 1 + 1 + moved.item.short() % 5 - 1)
    others = [column for column in range(moved.features.shape[1]) if column != moved.rating]
    assert torch.equal(moved.features[:, others], flat.features[:, others])
    assert not torch.equal(moved.item, flat.item)
    pairs = set(zip(module.histories.user.tolist(), flat.time.tolist(), flat.item.tolist(), strict=True))
    assert pairs == set(zip(module.histories.user.tolist(), moved.time.tolist(), moved.item.tolist(), strict=True))


@pytest.mark.parametrize("done", [1, 3, "all"])
def test_a_resumed_epoch_yields_exactly_the_batches_that_were_left(prepared: Path, done: int | str) -> None:
    trainer = trainer_at(5)
    whole = batches(prepared, trainer)
    stop = len(whole) if done == "all" else int(done)
    killed = data(prepared, trainer).train_dataloader()
    under_way = iter(killed)
    for _ in range(stop):
        next(under_way)
    resumed = data(prepared, trainer).train_dataloader()
    resumed.load_state_dict(killed.state_dict())
    left = list(resumed)
    assert len(left) == (len(whole) - stop or len(whole))
    assert all(same(a, b) for a, b in zip(left, whole[stop:] or whole, strict=True))


def test_an_epoch_has_as_many_batches_as_any_other(prepared: Path) -> None:
    counts = {len(batches(prepared, trainer_at(epoch))) for epoch in range(6)}
    assert counts == {len(data(prepared).train_dataloader())}
    sizes = [len(batch.item) for batch in batches(prepared)]
    assert max(sizes) - min(sizes) <= 1


def test_two_processes_take_every_other_batch(prepared: Path) -> None:
    first, second = (data(prepared, trainer_at(2, rank, world=2)).train_dataloader() for rank in (0, 1))
    assert len(list(first)) == len(list(second)) == len(first)
    rows = sum(int(batch.valid.sum()) for loader in (first, second) for batch in loader)
    assert rows >= sum(len(items) - 2 for items in USERS) - len(USERS)


def test_validation_asks_each_user_for_the_held_out_item(prepared: Path) -> None:
    asked = []
    for batch in data(prepared).val_dataloader():
        assert batch.target.shape == (len(batch.item), 1, 1)
        last = batch.item.shape[1] - 1
        for row in range(len(batch.item)):
            shown = batch.item[row][batch.valid[row]].tolist()
            asked.append((met_by(batch, row, last), shown, batch.target[row].item()))
    assert sorted(asked) == sorted((sorted(items[:-1]), items[:-1][-WINDOW:], items[-1]) for items in USERS)


def test_the_served_windows_are_those_of_validation(prepared: Path) -> None:
    module = data(prepared)
    shown = last_windows(module.histories, module.tokenizer, WINDOW)
    places = {tuple(row[keep]): place for place, (row, keep) in enumerate(zip(shown.item, shown.valid, strict=True))}
    for batch in module.val_dataloader():
        for row in range(len(batch.item)):
            keep = batch.valid[row]
            place = places[tuple(batch.item[row][keep].tolist())]
            served = shown.valid[place]
            assert np.array_equal(shown.features[place][served], batch.features[row][keep].numpy())
            assert np.array_equal(shown.times[place][served], batch.times[row][keep].numpy())


def test_the_whole_data_has_the_held_out_event_and_no_validation(prepared: Path) -> None:
    module = data(prepared, whole=True)
    assert module.histories.lengths.tolist() == [len(items) for items in USERS]
    assert module.val_dataloader() == []
    assert data(prepared).histories.lengths.tolist() == [len(items) - 1 for items in USERS]


def test_data_without_any_feature_makes_batches(tmp_path: Path) -> None:
    bare = write_prepared(tmp_path / "bare", USERS, features=False)
    for batch in batches(bare):
        assert batch.user.shape == (len(batch.item), 0)
        assert batch.features.shape[2] == 4
        assert batch.item.max() < ITEMS


def test_the_loader_reads_nothing_of_the_trainer_but_where_it_stands(prepared: Path) -> None:
    bare = SimpleNamespace(**vars(trainer_at(1)))
    assert isinstance(data(prepared, bare).train_dataloader(), WindowLoader)


@pytest.mark.parametrize("batch_size", [1, 7, 1000])
def test_no_batch_is_empty_whatever_its_size(prepared: Path, batch_size: int) -> None:
    for epoch in range(4):
        module = data(prepared, trainer_at(epoch), window=2)
        module.params = fit_params(batch_size=batch_size, seed=epoch)
        found = list(module.train_dataloader())
        assert len(found) == len(module.train_dataloader())
        assert all(len(batch.item) for batch in found)


def test_users_of_one_event_teach_nothing(tmp_path: Path) -> None:
    folder = write_prepared(tmp_path / "short", [[1, 2], [3, 4]])
    with pytest.raises(CasebookError, match=r"0 user\(s\) have two training events or more"):
        data(folder).train_dataloader()


def test_who_has_no_history_is_not_asked(tmp_path: Path) -> None:
    folder = write_prepared(tmp_path / "held", [[1], [2], [3]])
    with pytest.raises(CasebookError, match=r"none of the 3 user\(s\) of the validation split has a training event"):
        data(folder).val_dataloader()
