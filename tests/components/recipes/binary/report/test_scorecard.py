import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.evaluation.bands import band_edges
from components.evaluation.presentation.shares import wilson
from components.recipes.binary.metrics.metrics import auc, brier
from components.recipes.binary.report.scorecard import (
    score_bands,
    slices,
)
from components.recipes.shared.table_report import records


def test_equal_scores_stay_in_one_band_and_no_band_is_empty():
    score = np.array([0.1] * 70 + [0.5] * 20 + [0.9] * 10)
    edges = band_edges(score, 10)
    found = score_bands(np.zeros(100), score, edges, confidence=0.95)
    assert found["rows"].tolist() == [70, 20, 10]


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


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.integers(2, 12))
def test_no_band_of_the_rows_that_made_the_edges_is_empty(score, bands):
    score = np.array(score)
    table = score_bands(np.zeros(len(score)), score, band_edges(score, bands), confidence=0.95)
    assert (table["rows"] > 0).all()
    assert len(table) <= bands
    assert table["rows"].sum() == len(score)


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
