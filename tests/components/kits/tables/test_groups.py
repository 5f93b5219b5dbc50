import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.kits.tables.groups import group_labels


def test_a_band_holds_its_lower_edge():
    labels = group_labels(pd.Series([24.9, 25, 44.9, 45, np.nan], name="Age"), [25, 45])
    assert list(labels) == ["under 25", "25 to 45", "25 to 45", "45 and over", "missing"]
    assert list(labels.categories) == ["under 25", "25 to 45", "45 and over", "missing"]


def test_without_missing_values_there_is_no_group_for_them():
    assert list(group_labels(pd.Series([1, 3]), [2]).categories) == ["under 2", "2 and over"]


def test_nullable_numbers_and_infinities_have_a_band():
    labels = group_labels(pd.Series([1, None, 3], dtype="Int64"), [2])
    assert list(labels) == ["under 2", "missing", "2 and over"]
    assert list(group_labels(pd.Series([-np.inf, np.inf]), [0.5])) == ["under 0.5", "0.5 and over"]


def test_large_edges_keep_their_digits():
    assert group_labels(pd.Series([1.0]), [1234567, 1234568]).categories[1] == "1234567 to 1234568"


def test_values_are_groups_in_order():
    labels = group_labels(pd.Series(["widow", None, "已婚", "single"]))
    assert list(labels.categories) == ["single", "widow", "已婚", "missing"]
    assert list(labels) == ["widow", "missing", "已婚", "single"]


def test_booleans_and_categories_are_values():
    assert list(group_labels(pd.Series([True, False])).categories) == ["False", "True"]
    assert list(group_labels(pd.Series(["b", "a"], dtype="category")).categories) == ["a", "b"]


def test_a_value_named_missing_joins_the_missing_ones():
    assert list(group_labels(pd.Series(["missing", None, "a"]))) == ["missing", "missing", "a"]


@pytest.mark.parametrize("edges", [[], [3, 3], [5, 2]])
def test_edges_must_rise(edges):
    with pytest.raises(CasebookError, match="edges of 'Age'"):
        group_labels(pd.Series([1.0], name="Age"), edges)


def test_words_have_no_bands():
    with pytest.raises(CasebookError, match="column 'Job' is str, not a number"):
        group_labels(pd.Series(["fixed"], name="Job"), [1])
