from typing import Literal

import numpy as np
import pytest

from components.kits.tables.learning.comparing import beats, blend_or_best, without_least


def test_losses_beat_others_by_more_than_the_error_of_their_difference() -> None:
    # Gains of 1, 2, 3: a mean of 2 and a standard error of 1/sqrt(3). Gains of -2, 0, 3: 1/3 and sqrt(19/9).
    others = np.array([3.0, 3.0, 3.0])
    assert beats(others - [1.0, 2.0, 3.0], others)
    assert not beats(others - [-2.0, 0.0, 3.0], others)
    assert not beats(others, others)


def test_blends_of_many_answers_are_judged_as_those_of_one() -> None:
    """Two members of three classes, of which each half of the rows likes another."""
    target = np.arange(60) % 3
    truth = np.eye(3)[target]
    even = (np.arange(60) % 2 == 0)[:, None]
    scores = np.stack([np.where(even, truth, 0.0), np.where(even, 0.0, truth)], axis=-1)

    def losses(target: np.ndarray, score: np.ndarray) -> np.ndarray:
        return 1 - score[np.arange(len(target)), target] + np.linspace(0, 1e-3, len(target))

    parts = [(np.arange(30), np.arange(30, 60)), (np.arange(30, 60), np.arange(30))]
    chosen = [
        blend_or_best(
            target, scores, lambda _t, _s: np.array([0.5, 0.5]), parts, mix=mix, losses=losses, in_doubt="best"
        ).tolist()
        for mix in (lambda scores, weights: scores @ weights, lambda scores, _weights: scores.max(axis=-1))
    ]
    # A mean is right by half in every row, as each member is in half of the rows; the larger of both is right in all.
    assert chosen == [[1.0, 0.0], [0.5, 0.5]]


def test_in_doubt_the_blend_is_taken_or_the_best() -> None:
    """Half of a member that is off by 2 is worse than one that is right. Of two that are off in a row each the mean has
    lower losses, and not surely.
    """
    target, halves = np.zeros(40), [(np.arange(20), np.arange(20, 40)), (np.arange(20, 40), np.arange(20))]
    wrong, once, other = np.full(40, 2.0), np.zeros(40), np.zeros(40)
    once[3], other[30] = 2.0, 1.9

    def chosen(members: list[np.ndarray], in_doubt: Literal["blend", "best"]) -> list[float]:
        found = blend_or_best(
            target, np.column_stack(members), lambda _target, _scores: np.array([0.5, 0.5]), halves,
            mix=lambda scores, weights: scores @ weights, losses=lambda target, score: (target - score) ** 2,
            in_doubt=in_doubt,
        )  # fmt: skip
        return [float(weight) for weight in found]

    assert chosen([wrong, target], "blend") == chosen([wrong, target], "best") == [0.0, 1.0]
    assert chosen([once, other], "blend") == [0.5, 0.5]
    assert chosen([once, other], "best") == [0.0, 1.0]


def test_members_of_next_to_no_weight_have_none() -> None:
    assert without_least(np.array([0.01, 0.495, 0.495]), 0.02) == pytest.approx([0.0, 0.5, 0.5])
