import json

import numpy as np
import pytest
from scipy.special import expit, logit

from components.core.errors import CasebookError
from components.recipes.binary.metrics.calibrator import Calibrator

SCORE = np.array([0.1, 0.5, 0.9])


def test_identity_changes_nothing():
    assert Calibrator("identity", {}).apply(SCORE) == pytest.approx(SCORE)


def test_platt_is_a_line_in_log_odds():
    found = Calibrator("platt", {"intercept": -1.0, "slope": 2.0}).apply(SCORE)
    assert found == pytest.approx(expit(-1 + 2 * logit(SCORE)))


def test_beta_weighs_both_ends_of_the_score():
    found = Calibrator("beta", {"intercept": 0.3, "low": 0.5, "high": 2.0}).apply(SCORE)
    assert found == pytest.approx(expit(0.3 + 0.5 * np.log(SCORE) - 2.0 * np.log(1 - SCORE)))


def test_isotonic_runs_straight_between_its_knots_and_flat_beyond():
    found = Calibrator("isotonic", {"score": [0.2, 0.6], "probability": [0.1, 0.5]})
    assert found.apply(np.array([0.0, 0.2, 0.3, 0.6, 1.0])) == pytest.approx([0.1, 0.1, 0.1 + 0.4 / 4, 0.5, 0.5])


def test_json_and_back():
    before = Calibrator("beta", {"intercept": 0.3, "low": 0.5, "high": 2.0})
    assert Calibrator.from_json(json.loads(json.dumps(before.to_json()))) == before


def test_an_unknown_method_is_named():
    with pytest.raises(CasebookError, match="no method 'spline'; there are: identity, platt, beta, isotonic"):
        Calibrator.from_json({"method": "spline", "values": {}})
