from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from components.core.blocks import Block
from components.recipes.conversion.training.data import SyllableData
from components.recipes.conversion.training.network import candidate_table, make_data, make_learner, pair_counts, sounds
from components.recipes.conversion.training.network import window_counts as counts_of_windows
from tests.components.recipes.conversion.syllable_toys import (
    ALL,
    PAIRS,
    fit_params,
    random_clauses,
    spoken,
    write_prepared,
)
from tests.components.training.test_slices import trainer_at


class Sizes(Block):
    size: int = 8
    window_size: int = 4
    output_size: int = 8
    blocks: int = 1
    heads: int = 2
    expansion: int = 2
    reach: int = 3
    dropout: float = 0.1
    attention_dropout: float = 0.1
    input_dropout: float = 0.1
    window_dropout: float = 1.0
    hidden: float = 0.1


class Optimizer(Block):
    betas: tuple[float, float] = (0.9, 0.98)
    floor: float = 0.02
    table_rate: float = 2.0


MODEL: Any = SimpleNamespace(
    windows=ALL, lexicon=False, network=Sizes(), optimizer=Optimizer(), averaging=SimpleNamespace(decay=0.9, every=2)
)


def job(folder: Path) -> Any:
    return SimpleNamespace(
        case="pinyin_hanzi",
        params=SimpleNamespace(fit=fit_params(batch_size=20)),
        paths=SimpleNamespace(prepared=lambda _case: folder),
    )


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    return write_prepared(tmp_path / "prepared", random_clauses(20), [spoken([1, 2])])


def test_syllables_fall_into_initials_and_finals() -> None:
    initials, finals = sounds(["a", "ba", "bang", "ng", "shang", "sa", "yi"])
    groups = [initials.tolist(), finals.tolist()]
    assert groups[0][0] == groups[1][0] == 0
    assert 0 not in groups[0][1:] + groups[1][1:]
    a, ba, bang, ng, shang, sa, _ = range(1, 8)
    assert groups[0][ba] == groups[0][bang] != groups[0][a]
    assert groups[0][shang] != groups[0][sa]
    assert groups[1][bang] == groups[1][shang] != groups[1][ba]
    assert groups[1][a] == groups[1][ba] == groups[1][sa]
    assert groups[1].count(groups[1][ng]) == 1  # no vowel, so no final


def test_pairs_are_numbered_by_syllable_and_candidate() -> None:
    assert candidate_table([2, 3, 1]).tolist() == [[-1, -1, -1], [0, 1, -1], [2, 3, 4], [5, -1, -1]]


def test_pairs_and_ngrams_are_counted_in_what_is_trained_on(tmp_path: Path) -> None:
    folder = write_prepared(tmp_path / "few", [spoken([1, 2]), spoken([1, 2]), ("八一", "ba ma")], [spoken([3, 3])])
    data = make_data(job(folder), MODEL)
    candidates = candidate_table([len(characters) for characters in PAIRS.values()])
    counts = pair_counts(data, candidates)
    place = {one: place for place, one in enumerate("".join(PAIRS.values()))}
    assert counts.sum() == 5  # one character is no candidate
    assert [counts[place[one]] for one in "安把八"] == [2, 2, 1]
    known = dict(zip(data.windows.keys.tolist(), counts_of_windows(data)[1:].tolist(), strict=True))
    flat, start = data.clauses.syllable, data.clauses.start
    (first,) = data.windows.ids(flat[:2], start[:2])[:1]
    assert known[data.windows.keys[first[1] - 1]] == 2  # an ba
    assert known[data.windows.keys[data.windows.ids(flat[4:], start[:2])[0, 1] - 1]] == 1  # ba ma


def test_the_learner_fits_its_data(prepared: Path) -> None:
    data = make_data(job(prepared), MODEL)
    assert isinstance(data, SyllableData)
    data.trainer = trainer_at()
    torch.manual_seed(0)
    learner = make_learner(job(prepared), data, MODEL)
    batch = next(iter(data.train_dataloader()))
    scores, target = learner(learner.network, batch)
    assert scores.shape == (int((batch.target >= 0).sum()), max(map(len, PAIRS.values())))
    assert torch.isfinite(torch.nn.functional.cross_entropy(scores, target))
    assert len(learner.network.window.weight) == len(data.windows.keys) + 1
    whole = make_data(job(prepared), MODEL, whole=True)
    assert len(whole.clauses.start) == len(data.clauses.start) + 1
