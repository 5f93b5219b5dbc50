import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from components.kits.tables.learning.comparing import blend_or_best
from components.recipes.binary.metrics.blend import EDGE, mix, mixing_weights
from components.recipes.binary.metrics.rows import row_losses

RANDOM = np.random.default_rng(0)
TARGET = RANDOM.integers(0, 2, 400)
GOOD = expit(2 * (2 * TARGET - 1) + RANDOM.normal(0, 1.5, 400))
NOISE = expit(RANDOM.normal(0, 1.5, 400))


def test_log_odds_are_averaged_by_weight() -> None:
    # Odds of 1 and 9: their weighted geometric mean is 9 to the power of the second weight.
    scores = np.array([[1 / 2, 9 / 10]])
    assert mix(scores, np.array([0.5, 0.5])) == pytest.approx([3 / (1 + 3)])
    assert mix(scores, np.array([1.0, 0.0])) == pytest.approx([1 / 2])
    assert mix(scores, np.array([0.0, 1.0])) == pytest.approx([9 / 10])


def test_a_sure_member_does_not_silence_the_others() -> None:
    mixed = mix(np.array([[0.0, 0.5], [1.0, 0.5]]), np.array([0.5, 0.5]))
    assert mixed == pytest.approx([expit(logit(EDGE) / 2), expit(logit(1 - EDGE) / 2)])


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_a_mix_lies_between_its_members(scores: list[float]) -> None:
    mixed = mix(np.array([scores]), np.array([0.2, 0.3, 0.5]))[0]
    inside = np.clip(scores, EDGE, 1 - EDGE)  # a sure member counts as nearly sure
    assert inside.min() - 1e-9 <= mixed <= inside.max() + 1e-9


def test_weight_goes_to_who_knows() -> None:
    weights = mixing_weights(TARGET, np.column_stack([GOOD, NOISE]), shrinkage=0.0)
    assert weights.sum() == pytest.approx(1)
    assert weights[0] > 0.9


def test_weights_of_two_are_those_of_a_search_over_all_shares() -> None:
    other = expit(1.5 * (2 * TARGET - 1) + np.random.default_rng(1).normal(0, 2, 400))
    scores, shrinkage = np.column_stack([GOOD, other]), 0.05

    def loss(first: float) -> float:
        mixed = mix(scores, np.array([first, 1 - first]))
        log_loss = -np.mean(np.where(TARGET == 1, np.log(mixed), np.log(1 - mixed)))
        return float(log_loss + shrinkage * ((first - 0.5) ** 2 + (0.5 - first) ** 2))

    shares = np.linspace(0, 1, 1001)
    best = shares[np.argmin([loss(share) for share in shares])]
    assert mixing_weights(TARGET, scores, shrinkage=shrinkage)[0] == pytest.approx(best, abs=2e-3)


def test_much_shrinkage_is_equal_weights() -> None:
    weights = mixing_weights(TARGET, np.column_stack([GOOD, NOISE, NOISE]), shrinkage=1e6)
    assert weights == pytest.approx([1 / 3] * 3, abs=1e-4)


def test_one_member_has_all_the_weight() -> None:
    assert mixing_weights(TARGET, GOOD[:, None], shrinkage=0.01) == pytest.approx([1.0])


def weigh(target: np.ndarray, scores: np.ndarray) -> np.ndarray:
    return mixing_weights(target, scores, shrinkage=0.01)


def halves(rows: int) -> list[tuple[np.ndarray, np.ndarray]]:
    places = np.arange(rows)
    return [(places[::2], places[1::2]), (places[1::2], places[::2])]


def chosen(scores: np.ndarray) -> np.ndarray:
    return blend_or_best(TARGET, scores, weigh, halves(400), mix=mix, losses=row_losses, in_doubt="best")


def test_a_blend_that_adds_nothing_is_its_best_member() -> None:
    scores = np.column_stack([NOISE, GOOD, GOOD])  # of equals the first
    assert chosen(scores).tolist() == [0.0, 1.0, 0.0]


def test_a_blend_that_is_surely_better_stays() -> None:
    """Two members with errors of their own: their mean has half the variance."""
    random = np.random.default_rng(1)
    scores = expit((2 * TARGET - 1)[:, None] + random.normal(0, 2, (400, 2)))
    found = chosen(scores)
    assert found.tolist() == weigh(TARGET, scores).tolist()
    assert found.min() > 0.3


def test_the_blend_is_judged_by_weights_of_the_other_rows() -> None:
    """Each half likes another member, so that its weights fail on the other half."""
    good, bad = expit(3.0 * (2 * TARGET - 1)), expit(-3.0 * (2 * TARGET - 1))
    even = np.arange(400) % 2 == 0
    scores = np.column_stack([np.where(even, good, bad), np.where(even, bad, good), np.full(400, 0.5)])
    assert chosen(scores).tolist() == [0.0, 0.0, 1.0]
