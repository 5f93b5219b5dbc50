"""Slices by hand: metrics of rows and shares of parts, their groups, and what is written of them."""

import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.core.results import Interval, Table
from components.evaluation.bootstrap import Resampling
from components.evaluation.slices import SHARE, Slice, as_json, bands, share_slices, slice_table, slices
from components.recipes.next_item.metrics.metrics import ranking_metrics

BOOTSTRAP = Resampling(resamples=100, confidence=0.95, seed=1)
OPTIONS = {"counted": "users", "resampling": BOOTSTRAP}
HIT = Interval(0.5, 0.25, 0.75)
FOUND = {"age": [Slice("old", {"users": 4}, True, {"hr@10": HIT}), Slice("young", {"users": 1}, False, {})]}


def test_each_group_has_its_own_metrics_and_small_ones_have_none():
    rank = np.array([1.0, 20.0, 1.0, 20.0, 20.0, 3.0])
    groups = pd.Categorical(list("aaaabb"), categories=["b", "nobody", "a"])
    sizes = {"events": np.array([1, 2, 3, 4, 10, 20])}
    found = slices(ranking_metrics([10]), np.arange(6), rank, groups, minimum=3, sizes=sizes, **OPTIONS)
    assert [(one.name, one.counts, one.sufficient) for one in found] == [
        ("b", {"users": 2, "events": 10 + 20}, False),
        ("a", {"users": 4, "events": 1 + 2 + 3 + 4}, True),
    ]
    assert found[0].metrics == {}
    hits = found[1].metrics["hr@10"]
    assert hits.value == 2 / 4
    assert hits.low < hits.value < hits.high


def test_groups_of_other_rows_are_refused():
    with pytest.raises(CasebookError, match="groups of 1 users, answers of 2"):
        slices(ranking_metrics([10]), np.arange(2), np.ones(2), pd.Categorical(["a"]), minimum=1, **OPTIONS)
    with pytest.raises(CasebookError, match="groups of 1 boxes, answers of 2"):
        share(np.ones(2, bool), np.zeros(2), ["a"])


def share(right, unit, groups, *, minimum=1, fewest_units=1):
    return share_slices(
        "found",
        right,
        unit,
        pd.Categorical(groups),
        counted=("images", "boxes"),
        minimum=minimum,
        fewest_units=fewest_units,
        resampling=BOOTSTRAP,
    )


def test_the_share_of_parts_is_that_of_all_parts_and_varies_with_their_units():
    right, image = np.array([True, True, False, True, True]), np.array([7, 7, 9, 9, 9])
    together, small = share(right, image, ["a", "a", "a", "a", "b"])
    assert together.counts == {"images": 2, "boxes": 4}
    assert (together.metrics["found"].value, together.metrics["found"].low) == (3 / 4, 1 / 2)  # image 9 drawn twice
    assert small.metrics["found"] == Interval(1.0, 1.0, 1.0)
    assert [one.sufficient for one in share(right, image, list("aaaab"), fewest_units=2)] == [True, False]
    assert [one.sufficient for one in share(right, image, list("aaaab"), minimum=5)] == [False, False]


def test_the_share_over_counts_is_that_of_repeated_units():
    parts, right, counts = np.array([2.0, 3, 5]), np.array([2.0, 1, 0]), np.array([[1.0, 2, 0], [0, 0, 3]])
    np.testing.assert_array_equal(SHARE.over_counts(parts, right, counts), [(2 + 2) / (2 + 6), 0.0])
    assert SHARE(parts, right) == 3 / 10


def test_bands_hold_their_lower_edge():
    found = bands("events", np.array([0, 19, 20, 49, 50, 51, 2000]), [20, 50, 51, 1500])
    assert list(found) == ["under 20", "under 20", "20 to 49", "20 to 49", "50", "51 to 1,499", "1,500 and more"]
    assert list(found.categories) == ["under 20", "20 to 49", "50", "51 to 1,499", "1,500 and more"]
    assert list(bands("events", np.array([0, 1, 3]), [1, 3])) == ["0", "1 to 2", "3 and more"]


@pytest.mark.parametrize("edges", [[], [0, 5], [5, 5], [9, 5]])
def test_edges_that_do_not_rise_are_refused(edges):
    with pytest.raises(CasebookError, match=r"events: edges .* must be whole numbers that rise"):
        bands("events", np.array([1]), edges)


def test_what_is_written_of_them():
    assert as_json(FOUND) == {
        "age": [
            {
                "name": "old",
                "users": 4,
                "sufficient": True,
                "metrics": {"hr@10": {"value": 0.5, "low": 0.25, "high": 0.75}},
            },
            {"name": "young", "users": 1, "sufficient": False, "metrics": {}},
        ]
    }
    rows = [["age", "old", 4, "0.5000 [0.2500, 0.7500]"], ["age", "young", 1, "too few"]]
    assert slice_table(FOUND, "hr@10", ["users"], "By age.") == Table(
        "Slices", ["by", "group", "users", "hr@10"], rows, "By age."
    )
