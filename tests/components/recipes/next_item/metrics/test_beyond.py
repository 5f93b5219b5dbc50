import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.core.errors import CasebookError
from components.recipes.next_item.metrics import beyond
from components.recipes.next_item.metrics.sets import NOTHING, Sets

LISTS = np.array([[0, 1], [0, 2], [0, NOTHING]])
COUNTS = np.array([6, 3, 1, 0])
HISTORY = Sets(np.array([1, 2, 1, 0]), np.array([0, 3, 4, 4]))
GENRES = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 0]])


def test_coverage_is_the_share_of_items_shown_to_anybody():
    assert beyond.exposure(LISTS, items=4).tolist() == [3, 1, 1, 0]
    assert beyond.coverage(LISTS, items=4) == 3 / 4


def test_gini_by_hand_and_at_its_ends():
    rising = [0, 1, 1, 3]
    assert beyond.gini(np.array([3, 1, 1, 0])) == pytest.approx(
        sum((2 * place - 4 - 1) * share for place, share in enumerate(rising, start=1)) / (4 * 5)
    )
    assert beyond.gini(np.array([2, 2, 2])) == pytest.approx(0)
    assert beyond.gini(np.array([0, 0, 9, 0])) == pytest.approx(1 - 1 / 4)
    assert np.isnan(beyond.gini(np.zeros(3)))


@given(st.lists(st.integers(0, 20), min_size=1, max_size=12).filter(any))
def test_gini_is_half_the_relative_mean_difference(exposed):
    pairs = np.abs(np.subtract.outer(exposed, exposed)).mean()
    assert beyond.gini(np.array(exposed)) == pytest.approx(pairs / (2 * np.mean(exposed)))


def test_novelty_is_self_information_with_one_event_added():
    share = np.array([7, 4, 2, 1]) / 14
    expected = [-np.log2(share[[0, 1]]).mean(), -np.log2(share[[0, 2]]).mean(), -np.log2(share[0])]
    assert beyond.novelty(LISTS, COUNTS) == pytest.approx(np.array(expected))
    assert beyond.novelty(np.array([[3]]), COUNTS) == pytest.approx(np.log2(14))


def test_popularity_of_lists_and_of_histories():
    assert beyond.popularity(LISTS, COUNTS).tolist() == [(6 + 3) / 2, (6 + 1) / 2, 6]
    found = beyond.history_popularity(HISTORY, COUNTS)
    assert found[:2].tolist() == pytest.approx([(3 + 1 + 3) / 3, 6])
    assert np.isnan(found[2])


def test_a_list_without_items_has_no_popularity_or_novelty():
    empty = np.array([[NOTHING, NOTHING]])
    assert np.isnan(beyond.popularity(empty, COUNTS)).all()
    assert np.isnan(beyond.novelty(empty, COUNTS)).all()


def test_miscalibration_is_stecks_divergence():
    # User 0 chose 1, 2, 1: genre shares 0 + 1/2 + 0 and 1 + 1/2 + 1; shown 0, 1: one each.
    p, q = np.array([0.5, 2.5]) / 3, np.array([1, 1]) / 2
    mixed = 0.99 * q + 0.01 * p
    found = beyond.miscalibration(LISTS, HISTORY, GENRES, alpha=0.01)
    assert found[0] == pytest.approx(np.sum(p * np.log(p / mixed)))
    # User 1 chose 0; shown 0, 2: genre shares 1 + 1/2 and 1/2.
    assert found[1] == pytest.approx(np.log(1 / (0.99 * 1.5 / 2 + 0.01)))
    assert np.isnan(found[2])  # no history


def test_the_same_genres_are_calibrated_and_none_at_all_is_the_worst():
    own = Sets(np.array([0, 1]), np.array([0, 2]))
    assert beyond.miscalibration(np.array([[0, 1]]), own, GENRES, alpha=0.01)[0] == pytest.approx(0)
    assert beyond.miscalibration(np.array([[3, NOTHING]]), own, GENRES, alpha=0.01)[0] == pytest.approx(np.log(100))
    assert np.isnan(beyond.miscalibration(np.array([[3]]), Sets(np.array([3]), np.array([0, 1])), GENRES, alpha=0.01))


@pytest.mark.parametrize("alpha", [0.0, 1.0, np.nan])
def test_alpha_outside_its_range_is_refused(alpha):
    with pytest.raises(CasebookError, match="between 0 and 1"):
        beyond.miscalibration(LISTS, HISTORY, GENRES, alpha=alpha)


def test_a_history_outside_the_catalogue_is_refused():
    with pytest.raises(CasebookError, match="index 2 in a catalogue of 2"):
        beyond.history_popularity(HISTORY, COUNTS[:2])
