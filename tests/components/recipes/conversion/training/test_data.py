from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from components.core.errors import CasebookError
from components.recipes.conversion.training.data import ILLEGAL, Batch, SyllableData
from tests.components.recipes.conversion.syllable_toys import (
    ALL,
    PAIRS,
    SYLLABLES,
    fit_params,
    random_clauses,
    spoken,
    write_prepared,
)
from tests.components.training.test_slices import trainer_at

TRAIN, HELD_OUT = random_clauses(60), random_clauses(9, seed=1)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_prepared(tmp_path_factory.mktemp("prepared"), TRAIN, HELD_OUT)


def data(
    prepared: Path, trainer: Any = None, *, whole: bool = False, lexicon: bool = False, **values: Any
) -> SyllableData:
    params = fit_params(**{"batch_size": 16, "seed": 3, **values})
    module = SyllableData(prepared, params, ALL, lexicon=lexicon, whole=whole)
    module.trainer = trainer or trainer_at()
    return module


def batches(prepared: Path, trainer: Any = None, **values: Any) -> list[Batch]:
    return list(data(prepared, trainer, **values).train_dataloader())


def read(batch: Batch) -> list[tuple[str, str]]:
    """Text and syllables of each row."""
    found = []
    for syllables, targets in zip(batch.syllables.tolist(), batch.target.tolist(), strict=True):
        names = [SYLLABLES[one - 1] for one in syllables if one]
        text = "".join(PAIRS[name][place] for name, place in zip(names, targets, strict=False))
        assert targets[len(names) :] == [ILLEGAL] * (len(targets) - len(names))
        found.append((text, " ".join(names)))
    return found


def test_an_epoch_has_every_clause_once(prepared: Path) -> None:
    assert sorted(one for batch in batches(prepared) for one in read(batch)) == sorted(TRAIN)
    held_out = data(prepared).val_dataloader()
    assert sorted(one for batch in held_out for one in read(batch)) == sorted(HELD_OUT)


def test_windows_stand_beside_their_syllables(prepared: Path) -> None:
    module = data(prepared)
    numbers = {one: place for place, one in enumerate(SYLLABLES, start=1)}
    for batch in [*module.train_dataloader(), *module.val_dataloader()]:
        for row, (_, syllables) in enumerate(read(batch)):
            clause = np.array([numbers[one] for one in syllables.split(" ")])
            expected = module.windows.ids(clause, np.array([0, len(clause)]))
            assert np.array_equal(batch.windows[row, : len(clause)].numpy(), expected)
            assert not batch.windows[row, len(clause) :].any()


def test_batches_hold_as_many_syllables_of_clauses_of_like_lengths(prepared: Path) -> None:
    found = batches(prepared)
    syllables = [int((batch.syllables > 0).sum()) for batch in found]
    assert all(abs(count - 16) <= 8 for count in syllables)  # within the longest clause
    slots = sum(batch.syllables.numel() for batch in found)
    assert sum(syllables) / slots > 0.9  # at random 0.62 of a batch is no padding


def same(first: Batch, second: Batch) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_the_order_is_drawn_anew_each_epoch_and_from_nothing_else(prepared: Path) -> None:
    loader = data(prepared).train_dataloader()
    epochs = []
    for epoch in (0, 1, 0):
        torch.rand(3)
        loader.trainer = trainer_at(epoch)
        epochs.append(list(loader))
    assert all(same(a, b) for a, b in zip(epochs[0], epochs[2], strict=True))
    assert not all(same(a, b) for a, b in zip(epochs[0], epochs[1], strict=True))
    assert len(epochs[0]) == len(epochs[1]) == len(loader)


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


@pytest.mark.parametrize("batch_size", [1, 7, 1000])
def test_no_batch_is_empty_whatever_its_size(prepared: Path, batch_size: int) -> None:
    for epoch in range(5):
        found = batches(prepared, trainer_at(epoch), batch_size=batch_size)
        assert len(found) == len(data(prepared, batch_size=batch_size).train_dataloader())
        assert sum(len(batch.syllables) for batch in found) == len(TRAIN)
        assert all(len(batch.syllables) for batch in found)


def test_two_processes_take_every_other_batch(prepared: Path) -> None:
    parts = [batches(prepared, trainer_at(2, rank, world=2)) for rank in (0, 1)]
    assert len(parts[0]) == len(parts[1])
    assert sorted(one for part in parts for batch in part for one in read(batch)) == sorted(TRAIN)


def test_the_whole_data_has_the_held_out_clauses_and_no_validation(prepared: Path) -> None:
    module = data(prepared, whole=True)
    assert sorted(one for batch in module.train_dataloader() for one in read(batch)) == sorted(TRAIN + HELD_OUT)
    assert module.val_dataloader() == []


def test_windows_are_those_of_training_alone(tmp_path: Path) -> None:
    folder = write_prepared(tmp_path / "apart", [spoken([1, 2])], [spoken([1, 2]), spoken([4, 5])])
    known, unknown = (batch.windows for batch in data(folder, batch_size=1).val_dataloader())
    assert known.any()
    assert not unknown.any()


def test_the_words_of_a_lexicon_are_clauses_without_edges(tmp_path: Path) -> None:
    words = [("吗马", "ma ma"), ("中事", "zhong shi")]
    folder = write_prepared(tmp_path / "words", [spoken([1, 2]), spoken([3, 3])], [spoken([1, 2])], words)
    module = data(folder, lexicon=True, batch_size=1)
    found = {read(batch)[0]: batch.windows[0] for batch in module.train_dataloader()}
    assert set(found) == {spoken([1, 2]), spoken([3, 3]), *words}
    for one in words:
        # What stands before the first and after the last is unknown, and so are longer n-grams.
        assert found[one][0, 1] == found[one][1, 0] > 0
        assert int((found[one] > 0).sum()) == 2
    assert found[spoken([3, 3])][0, :2].all()  # an edge and a pair
    assert sorted(one for batch in module.val_dataloader() for one in read(batch)) == [spoken([1, 2])]
    assert len(data(folder, batch_size=1).train_dataloader()) == 2
    assert len(data(folder, lexicon=True, whole=True, batch_size=1).train_dataloader()) == 5


def test_a_lexicon_may_be_empty_but_not_missing(tmp_path: Path) -> None:
    folder = write_prepared(tmp_path / "empty", [spoken([1, 2])], [spoken([1, 2])])
    assert len(list(data(folder, lexicon=True).train_dataloader())) == 1
    (folder / "lexicon.parquet").unlink()
    with pytest.raises(CasebookError, match=r"lexicon\.parquet: not found; prepare the case again"):
        data(folder, lexicon=True).train_dataloader()


def test_a_character_that_is_no_candidate_has_no_target(tmp_path: Path) -> None:
    folder = write_prepared(tmp_path / "odd", [("八马", "ba ma")], [("八一", "ba ma")])
    (batch,) = data(folder).val_dataloader()
    assert batch.target.tolist() == [[0, ILLEGAL]]


@pytest.mark.parametrize("clause", [("八马", "ba ma an"), ("八马", "ba lv"), ("八马", "ba")])
def test_a_clause_that_is_not_one_legal_syllable_a_character_is_named(tmp_path: Path, clause: tuple[str, str]) -> None:
    folder = write_prepared(tmp_path / "broken", [spoken([1, 2]), clause], [])
    with pytest.raises(CasebookError, match=f"such as '八马 with {clause[1]}'"):
        data(folder).train_dataloader()


def test_too_little_for_all_processes_is_said(tmp_path: Path) -> None:
    folder = write_prepared(tmp_path / "little", [spoken([1, 2, 3])], [])
    with pytest.raises(CasebookError, match=r"1 clause\(s\) of 3 syllables cannot be shared by 2 process"):
        data(folder, trainer_at(world=2)).train_dataloader()
