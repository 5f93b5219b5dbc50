import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.errors import CasebookError
from components.evaluation.binary.bands import band_edges
from components.evaluation.binary.metrics import auc, brier
from components.evaluation.binary_report.scorecard import (
    psi,
    psi_table,
    records,
    score_bands,
    slices,
)
from components.evaluation.presentation.shares import wilson


def test_edges_cut_into_equal_masses():
    score = np.arange(100) / 100
    edges = band_edges(score, 4)
    assert np.bincount(np.searchsorted(edges, score, side="right")).tolist() == [25, 25, 25, 25]


def test_equal_scores_stay_in_one_band_and_no_band_is_empty():
    score = np.array([0.1] * 70 + [0.5] * 20 + [0.9] * 10)
    edges = band_edges(score, 10)
    found = score_bands(np.zeros(100), score, edges, confidence=0.95)
    assert found["rows"].tolist() == [70, 20, 10]
    assert band_edges(np.full(5, 0.3), 10).tolist() == []


def test_bands_count_rows_and_bads():
    target = np.array([0, 0, 1, 0, 1, 1])
    score = np.array([0.1, 0.2, 0.3, 0.5, 0.6, 0.9])
    table = score_bands(target, score, np.array([0.3, 0.6]), confidence=0.95)
    assert table["band"].tolist() == [1, 2, 3]
    assert table["low"].tolist() == [0.1, 0.3, 0.6]
    assert table["high"].tolist() == [0.3, 0.6, 0.9]
    assert table["rows"].tolist() == [2, 2, 2]
    assert table["bads"].tolist() == [0, 1, 2]
    assert table["bad_rate"].tolist() == [0 / 2, 1 / 2, 2 / 2]
    assert table["mean_score"].tolist() == pytest.approx([(0.1 + 0.2) / 2, (0.3 + 0.5) / 2, (0.6 + 0.9) / 2])
    assert table["cumulative_share"].tolist() == pytest.approx([2 / 6, 4 / 6, 6 / 6])
    assert table["cumulative_bad_rate"].tolist() == pytest.approx([0 / 2, 1 / 4, 3 / 6])
    assert table["cumulative_bads"].tolist() == pytest.approx([0 / 3, 1 / 3, 3 / 3])
    bounds = wilson(1, 2, 0.95)
    assert bounds is not None
    assert (table["bad_rate_low"][1], table["bad_rate_high"][1]) == (bounds.low, bounds.high)


def test_a_band_without_rows_has_no_rate_and_becomes_none():
    table = score_bands(np.array([0, 1]), np.array([0.1, 0.9]), np.array([0.3, 0.6]), confidence=0.95)
    assert table["rows"].tolist() == [1, 0, 1]
    assert np.isnan(table["bad_rate"][1])
    assert (table["bad_rate_low"][1], table["bad_rate_high"][1]) == (0, 1)
    assert records(table)[1]["bad_rate"] is None
    json.dumps(records(table), allow_nan=False)


def test_psi_of_numbers_is_its_formula():
    reference = pd.Series(np.arange(100.0))
    recent = pd.Series(np.repeat([10.0, 60.0], [75, 25]))  # bins of 0-49 and 50-99
    expected = (0.75 - 0.5) * np.log(0.75 / 0.5) + (0.25 - 0.5) * np.log(0.25 / 0.5)
    assert psi(reference, recent, bins=2, floor=1e-4) == pytest.approx(expected)


def test_psi_of_categories_is_its_formula_and_unseen_ones_are_one_bin():
    reference = pd.Series(["a"] * 6 + ["b"] * 4)
    recent = pd.Series(["a"] * 5 + ["c"] * 3 + ["d"] * 2)
    floor = 0.001
    expected = (
        (0.5 - 0.6) * np.log(0.5 / 0.6) + (floor - 0.4) * np.log(floor / 0.4) + (0.5 - floor) * np.log(0.5 / floor)
    )
    assert psi(reference, recent, bins=10, floor=floor) == pytest.approx(expected)


@pytest.mark.parametrize("values", [[1.0, 2.0, np.nan, np.nan], ["x", "y", None, None]])
def test_missing_values_are_a_bin(values):
    reference, recent = pd.Series(values), pd.Series(values[:2] * 2)
    expected = (1e-4 - 0.5) * np.log(1e-4 / 0.5) + 2 * (0.5 - 0.25) * np.log(0.5 / 0.25)
    assert psi(reference, recent, bins=2, floor=1e-4) == pytest.approx(expected)


def test_a_boolean_is_a_category():
    same = pd.Series([True, False, True])
    assert psi(same, same, bins=10, floor=1e-4) == 0
    assert psi(same, ~same, bins=10, floor=1e-4) == pytest.approx(2 * (1 / 3) * np.log(2))


def test_an_empty_column_is_stable_and_an_empty_sample_is_an_error():
    nothing = pd.Series([np.nan] * 3)
    assert psi(nothing, nothing, bins=5, floor=1e-4) == 0
    with pytest.raises(CasebookError, match="3 reference and 0 recent rows"):
        psi(nothing, pd.Series([], dtype=float), bins=5, floor=1e-4)


def test_the_psi_table_begins_with_what_shifted_most():
    before = pd.DataFrame({"still": np.arange(200.0), "moved": np.arange(200.0), "word": ["a", "b"] * 100})
    after = before.assign(moved=before["moved"] + 80)
    table = psi_table(before, after, ["still", "moved", "word"], bins=10, floor=1e-4)
    assert table["column"].tolist() == ["moved", "still", "word"]
    assert table["psi"][0] > 0.25
    assert table["psi"][1:].tolist() == [0, 0]


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.integers(2, 12))
def test_no_band_of_the_rows_that_made_the_edges_is_empty(score, bands):
    score = np.array(score)
    table = score_bands(np.zeros(len(score)), score, band_edges(score, bands), confidence=0.95)
    assert (table["rows"] > 0).all()
    assert len(table) <= bands
    assert table["rows"].sum() == len(score)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=1, max_size=60),
    st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=1, max_size=60),
    st.integers(2, 12),
)
def test_psi_is_never_negative_and_zero_for_the_same_sample(before, after, bins):
    before, after = pd.Series(before, dtype=float), pd.Series(after, dtype=float)
    assert psi(before, after, bins=bins, floor=1e-4) >= 0
    assert psi(before, before, bins=bins, floor=1e-4) == 0


def test_slices_give_metrics_by_value_and_flag_small_ones():
    generator = np.random.default_rng(0)
    score = generator.random(300)
    target = (generator.random(300) < score).astype(int)
    home = pd.Series(["own"] * 180 + ["rent"] * 100 + ["other"] * 20)
    table = slices({"auc": auc, "brier": brier}, target, score, home, edges=None, minimum=50).set_index("slice")
    assert table["rows"].to_dict() == {"other": 20, "own": 180, "rent": 100}
    assert table["sufficient"].to_dict() == {"other": False, "own": True, "rent": True}
    assert table.loc["rent", "auc"] == pytest.approx(auc(target[180:280], score[180:280]))
    assert table.loc["own", "brier"] == pytest.approx(brier(target[:180], score[:180]))
    assert table.loc["other", ["auc", "brier"]].isna().all()
    assert table.loc["own", "bad_rate"] == pytest.approx(target[:180].mean())


def test_slices_by_edges_keep_empty_bands_and_one_class_is_not_sufficient():
    target, score = np.array([0, 1] * 30 + [0] * 60), np.linspace(0, 1, 120)
    age = pd.Series([30.0] * 60 + [50.0] * 60, name="Age")
    table = slices({"auc": auc}, target, score, age, edges=[25, 40], minimum=50)
    assert table["slice"].tolist() == ["under 25", "25 to 40", "40 and over"]
    assert table["rows"].tolist() == [0, 60, 60]
    assert table["sufficient"].tolist() == [False, True, False]
    assert records(table)[0] == {
        "slice": "under 25", "rows": 0, "bads": 0, "bad_rate": None, "sufficient": False, "auc": None
    }  # fmt: skip
