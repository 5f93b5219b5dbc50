import json
from dataclasses import asdict

import numpy as np
import pytest

from components.evaluation.bootstrap import Resampling
from components.recipes.next_item.metrics.sets import NOTHING, Sets
from components.recipes.next_item.report.beyond import beyond_accuracy

LISTS = np.array([[0, 1], [0, 2], [3, 1]])
COUNTS = np.array([6, 3, 1, 2, 0])
HISTORY = Sets(np.array([1, 2, 0]), np.array([0, 2, 3, 3]))
RESAMPLING = Resampling(resamples=200, confidence=0.95, seed=1)


def figures(lists=LISTS, history=HISTORY, genres=None):
    return beyond_accuracy(lists, history, COUNTS, genres, alpha=0.01, resampling=RESAMPLING)


def test_values_and_the_users_they_are_about():
    found = figures()
    assert found["coverage"].value == 4 / 5
    assert (found["coverage"].low, found["coverage"].high) == (None, None)
    shown = [(6 + 3) / 2, (6 + 1) / 2, (2 + 3) / 2]
    assert found["arp"].value == pytest.approx(sum(shown) / 3)
    # The third user has no history to compare with.
    chosen = [(3 + 1) / 2, 6]
    assert found["popularity_bias"].value == pytest.approx((shown[0] + shown[1]) / (chosen[0] + chosen[1]))
    assert found["popularity_bias"].users == 2
    assert found["novelty"].users == 3
    assert found["novelty"].low <= found["novelty"].value <= found["novelty"].high
    assert "miscalibration" not in found


def test_calibration_where_there_are_genres():
    found = figures(genres=np.eye(5))
    assert found["miscalibration"].users == 2
    assert found["miscalibration"].value > 0


def test_what_nobody_defines_is_left_out_and_the_rest_is_json():
    nobody = Sets(np.zeros(0, dtype=int), np.zeros(4, dtype=int))
    found = figures(history=nobody, genres=np.eye(5))
    assert set(found) == {"coverage", "gini", "novelty", "arp"}
    json.dumps({name: asdict(one) for name, one in found.items()}, allow_nan=False)
    assert set(figures(lists=np.full((3, 2), NOTHING))) == {"coverage"}
