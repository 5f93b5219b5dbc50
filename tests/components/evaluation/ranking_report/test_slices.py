import numpy as np
import pandas as pd
import pytest

from components.errors import CasebookError
from components.evaluation.bootstrap import Resampling
from components.evaluation.ranking.metrics import ranking_metrics
from components.evaluation.ranking_report.slices import feature_groups, length_groups, popularity_groups, slices

BOOTSTRAP = Resampling(100, confidence=0.95, seed=1)


def test_each_group_has_its_own_metrics_and_small_ones_have_none():
    rank = np.array([1.0, 20.0, 1.0, 20.0, 20.0, 3.0])
    groups = pd.Categorical(list("aaaabb"), categories=["b", "nobody", "a"])
    found = slices(ranking_metrics([10]), np.arange(6), rank, groups, minimum=3, resampling=BOOTSTRAP)
    assert [(one.name, one.users, one.sufficient) for one in found] == [("b", 2, False), ("a", 4, True)]
    assert found[0].metrics == {}
    hits = found[1].metrics["hr@10"]
    assert hits.value == 2 / 4
    assert hits.low < hits.value < hits.high


def test_groups_of_other_users_are_refused():
    with pytest.raises(CasebookError, match="groups of 1 users, ranks of 2"):
        slices(ranking_metrics([10]), np.arange(2), np.ones(2), pd.Categorical(["a"]), minimum=1, resampling=BOOTSTRAP)


def test_bands_of_length_hold_their_lower_edge():
    found = length_groups(np.array([0, 19, 20, 49, 50, 51, 2000]), [20, 50, 51, 1500])
    assert list(found) == ["under 20", "under 20", "20 to 49", "20 to 49", "50", "51 to 1,499", "1,500 and more"]
    assert list(found.categories) == ["under 20", "20 to 49", "50", "51 to 1,499", "1,500 and more"]


@pytest.mark.parametrize("edges", [[], [0, 5], [5, 5], [9, 5]])
def test_edges_that_do_not_rise_are_refused(edges):
    with pytest.raises(CasebookError, match="must be whole numbers that rise"):
        length_groups(np.array([1]), edges)


def test_head_middle_and_tail_are_of_the_catalogue():
    counts = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 90, 100])  # quantiles .5 and .8: 5 and 8
    found = popularity_groups(counts, np.array([4, 5, 7, 8, 10]), (0.5, 0.8))
    assert list(found.categories) == ["tail: under 5", "middle: 5 to 7", "head: 8 and more"]
    assert found.codes.tolist() == [0, 1, 1, 2, 2]


def test_items_of_equal_count_share_a_band():
    assert len(set(popularity_groups(np.full(9, 4), np.arange(9), (0.5, 0.8)))) == 1


@pytest.mark.parametrize("quantiles", [(0.8, 0.5), (0, 0.5), (0.5, 1)])
def test_quantiles_that_do_not_rise_are_refused(quantiles):
    with pytest.raises(CasebookError, match="must rise within 0 and 1"):
        popularity_groups(np.arange(5), np.arange(5), quantiles)


def test_unknown_features_come_last():
    found = feature_groups(np.array([2, 0, 1]), ["unknown", "F", "M"])
    assert list(found) == ["M", "unknown", "F"]
    assert list(found.categories) == ["F", "M", "unknown"]
    with pytest.raises(CasebookError, match="codes from 0 to 3, names for 3"):
        feature_groups(np.array([0, 3]), ["unknown", "F", "M"])
