import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from components.core.errors import CasebookError
from components.recipes.next_item.metrics import lists
from components.recipes.next_item.metrics.sets import NOTHING, Sets

ITEMS = 9


def sets(*rows):
    start = np.cumsum([0, *map(len, rows)])
    return Sets(np.array([item for row in rows for item in row], dtype=np.int64), start)


def slow(name, shown, wanted):
    """One user, from the textbook: `shown` without empty places, `wanted` a set, k the places of the list."""
    k = len(shown)
    hits = [item in wanted for item in shown]
    if not wanted:
        return np.nan
    if name == "hit_rate":
        return float(any(hits))
    if name == "recall":
        return sum(hits) / len(wanted)
    if name == "precision":
        return sum(hits) / k
    if name == "reciprocal_rank":
        return max([1 / (place + 1) for place in range(k) if hits[place]], default=0.0)
    if name == "average_precision":
        return sum(sum(hits[: place + 1]) / (place + 1) for place in range(k) if hits[place]) / min(len(wanted), k)
    gain = sum(1 / np.log2(place + 2) for place in range(k) if hits[place])
    return gain / sum(1 / np.log2(place + 2) for place in range(min(len(wanted), k)))


@st.composite
def answers(draw):
    users, places = draw(st.integers(1, 4)), draw(st.integers(1, ITEMS))
    shown = []
    for _ in range(users):
        order = draw(st.permutations(range(ITEMS)))[:places]
        filled = draw(st.integers(0, places))
        shown.append(list(order[:filled]) + [NOTHING] * (places - filled))
    return shown, [draw(st.lists(st.integers(0, ITEMS - 1), max_size=12)) for _ in range(users)]


NAMES = ("hit_rate", "recall", "precision", "reciprocal_rank", "average_precision", "ndcg")


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None)
@given(answers())
def test_every_metric_is_its_definition(name, answer):
    shown, relevant = answer
    expected = [slow(name, row, set(wanted)) for row, wanted in zip(shown, relevant, strict=True)]
    found = getattr(lists, name)(np.array(shown), sets(*relevant))
    assert found == pytest.approx(np.array(expected), nan_ok=True)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, ITEMS))
def test_ndcg_is_scikit_learns(seed, k):
    generator = np.random.default_rng(seed)
    scores = generator.permuted(np.tile(np.arange(float(ITEMS)), (5, 1)), axis=1)
    truth = generator.random((5, ITEMS)) < 0.4
    truth[:, 0] = True  # scikit-learn says 0 where nothing is relevant
    found = lists.ndcg(np.argsort(-scores)[:, :k], sets(*[np.flatnonzero(row) for row in truth]))
    assert found.mean() == pytest.approx(ndcg_score(truth, scores, k=k, ignore_ties=True))


def test_values_by_hand():
    shown, relevant = np.array([[4, 0, 2, 7]]), sets([2, 4, 8])
    found = {name: getattr(lists, name)(shown, relevant)[0] for name in NAMES}
    ideal = 1 / np.log2(2) + 1 / np.log2(3) + 1 / np.log2(4)
    assert found == pytest.approx(
        {
            "hit_rate": 1,
            "recall": 2 / 3,
            "precision": 2 / 4,
            "reciprocal_rank": 1 / 1,
            "average_precision": (1 / 1 + 2 / 3) / 3,
            "ndcg": (1 / np.log2(2) + 1 / np.log2(4)) / ideal,
        }
    )


def test_another_users_relevant_item_is_no_hit():
    assert lists.hit_rate(np.array([[0, 1], [2, NOTHING]]), sets([2], [0])).tolist() == [0, 0]
    assert lists.hit_rate(np.array([[0], [NOTHING]]), sets([2], [0])).tolist() == [0, 0]


def test_lists_and_relevant_items_of_different_users_are_refused():
    with pytest.raises(CasebookError, match="lists of 1 users, relevant items of 2"):
        lists.recall(np.array([[0, 1]]), sets([0], [1]))
