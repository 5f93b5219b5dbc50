import numpy as np
import pytest

from components.core.errors import CasebookError
from components.recipes.next_item.report.slices import feature_groups, popularity_groups


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
