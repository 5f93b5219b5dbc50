"""Of several settings those are taken that answer rows best which were left out of the fit."""

import numpy as np
import pytest

from components.kits.tables.learning.boosting import GradientBoosting
from components.kits.tables.learning.cut import cut_classes
from components.kits.tables.learning.tried import fit_likeliest
from tests.components.kits.tables.learning.test_boosting import ENCODER, FIRST, REST, ROWS

STUMP = {"n_estimators": 1, "learning_rate": 0.01, "num_leaves": 2}
LEARNED = {"n_estimators": 30, "learning_rate": 0.1, "num_leaves": 7, "min_child_samples": 5}


def tried(*settings: dict[str, float]) -> list[GradientBoosting]:
    return [GradientBoosting(seeds=2, settings=one, classes=2, patience=5) for one in settings]


def losses(target: np.ndarray, score: np.ndarray) -> np.ndarray:
    return (target - score) ** 2


def leaves(model: GradientBoosting) -> int:
    return int(model.settings["num_leaves"])


@pytest.mark.parametrize("held_out", [True, False])
def test_the_likeliest_settings_are_taken(held_out: bool) -> None:
    rows, rest = (ROWS.take(FIRST), ROWS.take(REST)) if held_out else (ROWS, None)
    parts = [] if held_out else cut_classes(ROWS.target, None, 4, 0)
    found = fit_likeliest(tried(STUMP, LEARNED), rows, ENCODER, parts, losses, held_out=rest)
    assert leaves(found) == 7
    assert len(found.models) == 2
    assert max(found.rounds) > 1


def test_of_equals_the_first_is_taken() -> None:
    found = fit_likeliest(
        tried(STUMP, {**STUMP, "max_depth": -1}), ROWS.take(FIRST), ENCODER, [], losses, held_out=ROWS.take(REST)
    )
    assert "max_depth" not in found.settings


def test_a_second_fit_has_the_settings_and_the_rounds_of_the_first() -> None:
    first = fit_likeliest(tried(STUMP, LEARNED), ROWS.take(FIRST), ENCODER, [], losses, held_out=ROWS.take(REST))
    before = first.rounds
    again = fit_likeliest(tried(STUMP, LEARNED), ROWS, ENCODER, [], losses, like=first)
    assert leaves(again) == 7
    assert again.rounds == before == first.rounds
