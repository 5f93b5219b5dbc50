import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.errors import CasebookError
from components.recipes.next_item.metrics.ranks import ranks, top_items
from components.recipes.next_item.metrics.sets import NOTHING, Sets


def sets(*rows):
    start = np.cumsum([0, *map(len, rows)])
    return Sets(np.array([item for row in rows for item in row], dtype=np.int64), start)


@st.composite
def worlds(draw):
    """Few levels of score, so that ties are common; histories that repeat items and may hold the target."""
    users, items = draw(st.integers(1, 5)), draw(st.integers(1, 7))
    levels = st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 2.0])
    scores = np.array([[draw(levels) for _ in range(items)] for _ in range(users)])
    target = np.array([draw(st.integers(0, items - 1)) for _ in range(users)])
    seen = [draw(st.lists(st.integers(0, items - 1), max_size=9)) for _ in range(users)]
    return scores, target, seen


def slow_rank(scores, target, seen):
    if target in seen:
        return np.inf
    candidates = [item for item in range(len(scores)) if item not in seen and item != target]
    greater = sum(scores[item] > scores[target] for item in candidates)
    equal = sum(scores[item] == scores[target] for item in candidates)
    return 1 + greater + equal


def slow_top(scores, seen, places):
    candidates = [item for item in range(len(scores)) if item not in seen and scores[item] > -np.inf]
    best = sorted(candidates, key=lambda item: (-scores[item], item))[:places]
    return best + [NOTHING] * (places - len(best))


@settings(deadline=None)
@given(worlds())
def test_ranks_are_those_of_the_definition(world):
    scores, target, seen = world
    expected = [slow_rank(*row) for row in zip(scores, target, seen, strict=True)]
    assert ranks(scores, target, sets(*seen)).tolist() == expected


@settings(deadline=None)
@given(worlds(), st.integers(1, 9))
def test_top_items_are_those_of_the_definition(world, places):
    scores, _, seen = world
    expected = [slow_top(*row, places) for row in zip(scores, seen, strict=True)]
    assert top_items(scores, sets(*seen), places=places).tolist() == expected


def test_equal_scores_stand_before_the_target_and_seen_items_do_not_count():
    scores = np.array([[5.0, 3.0, 3.0, 1.0, 3.0]])
    assert ranks(scores, np.array([1]), sets([])).tolist() == [1 + 1 + 2]
    assert ranks(scores, np.array([1]), sets([0, 0, 4])).tolist() == [1 + 0 + 1]
    assert ranks(scores, np.array([1]), sets([1, 1])).tolist() == [np.inf]  # chosen again: no answer holds it
    assert ranks(scores, np.array([1]), Sets.none(1)).tolist() == [1 + 1 + 2]


def test_a_constant_scorer_ranks_last():
    assert ranks(np.zeros((2, 50)), np.array([0, 49]), sets([], [3])).tolist() == [50, 49]


def test_the_answer_does_not_depend_on_how_much_is_compared_at_once(monkeypatch):
    generator = np.random.default_rng(0)
    scores = generator.integers(0, 9, size=(30, 40)).astype(np.float32)
    seen = sets(*[generator.integers(0, 40, size=size) for size in generator.integers(0, 20, size=30)])
    target = generator.integers(0, 40, size=30)
    whole = ranks(scores, target, seen), top_items(scores, seen, places=6)
    monkeypatch.setattr("components.recipes.next_item.metrics.ranks.ENTRIES", 130)
    np.testing.assert_array_equal(ranks(scores, target, seen), whole[0])
    np.testing.assert_array_equal(top_items(scores, seen, places=6), whole[1])


def test_scores_are_left_as_they_were():
    scores = np.arange(6.0).reshape(2, 3)
    top_items(scores, sets([2], [0]), places=2)
    assert scores.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_score_that_is_nan_is_refused_even_on_a_seen_item():
    scores = np.array([[1.0, 2.0], [np.nan, 1.0]])
    for call in (
        lambda: ranks(scores, np.array([0, 1]), sets([], [0])),
        lambda: top_items(scores, sets([], []), places=1),
    ):
        with pytest.raises(CasebookError, match="1 scores are NaN, the first is user 1's of item 0"):
            call()


@pytest.mark.parametrize("target", [[0], [0, 3], [-1, 0], [0.0, 1.0]])
def test_targets_that_do_not_fit_are_refused(target):
    with pytest.raises(CasebookError, match="one item index from 0 to 2"):
        ranks(np.zeros((2, 3)), np.array(target), sets([], []))


def test_histories_that_do_not_fit_are_refused():
    with pytest.raises(CasebookError, match="what 1 users have seen"):
        ranks(np.zeros((2, 3)), np.array([0, 0]), sets([]))
    with pytest.raises(CasebookError, match="index 3 in a catalogue of 3"):
        ranks(np.zeros((1, 3)), np.array([0]), sets([3]))
    with pytest.raises(CasebookError, match="give at least 1"):
        top_items(np.zeros((1, 3)), sets([]), places=0)
