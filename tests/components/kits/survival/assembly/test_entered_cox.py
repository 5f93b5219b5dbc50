from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sksurv.linear_model import CoxPHSurvivalAnalysis
from sksurv.util import Surv

from components.kits.survival.assembly.baselines import SplineCox, SurvivalForest
from components.kits.survival.assembly.entered_cox import EnteredCox, RiskSets

COHORTS = Path(__file__).parents[1] / "cohorts"


def test_a_real_cohort_has_the_coefficients_that_lifelines_tells() -> None:
    """The Stanford heart transplants (Crowley and Hu, 1977), as intervals; `CoxPHFitter().fit(..., entry_col="start")`
    of lifelines 0.30.3, iterated until nothing changes.
    """
    rows = pd.read_csv(COHORTS / "heart.csv")
    design, target = rows[["age", "year", "surgery", "transplant"]], rows[["stop", "event", "start"]]
    found = EnteredCox(0.0).fit(design.to_numpy(float), target.to_numpy(float))
    expected = [0.02716664083027146, -0.14634633919644544, -0.6372098858737171, -0.01025076397920792]
    np.testing.assert_allclose(found.coef_, expected, atol=1e-7)
    value, _, curvature = RiskSets(design.to_numpy(float), target.to_numpy(float)).likelihood(found.coef_)
    assert value == pytest.approx(-290.56561644731903, abs=1e-8)
    errors = np.sqrt(np.diag(np.linalg.inv(curvature)))
    np.testing.assert_allclose(errors, [0.0137141151, 0.0704679791, 0.3672259971, 0.3137547982], atol=1e-6)


def test_another_real_cohort_too() -> None:
    rows = pd.read_csv(COHORTS / "aids.csv")
    found = EnteredCox(0.0).fit(rows[["AIDSY"]].to_numpy(float), rows[["T", "D", "W"]].to_numpy(float))
    assert found.coef_[0] == pytest.approx(0.023215241480675566, abs=1e-7)


def test_the_likelihood_is_that_of_its_definition() -> None:
    random = np.random.default_rng(2)
    design, entry = random.normal(size=(40, 2)), random.uniform(0, 3, 40).round(1)
    target = np.column_stack([entry + random.integers(1, 6, 40), random.random(40) < 0.6, entry])
    time, event = target[:, 0], target[:, 1] == 1
    coefficients = np.array([0.4, -0.3])
    score, value = design @ coefficients, 0.0
    for when in np.unique(time[event]):
        there, had = (entry < when) & (time >= when), event & (time == when)
        for turn in range(had.sum()):
            value -= np.log(np.exp(score[there]).sum() - turn / had.sum() * np.exp(score[had]).sum())
        value += score[had].sum()
    risk = RiskSets(design, target)
    found, gradient, curvature = risk.likelihood(coefficients)
    assert found == pytest.approx(value, rel=1e-12)
    step = 1e-5 * np.eye(2)
    moved = [[risk.likelihood(coefficients + sign * one) for sign in (1, -1)] for one in step]
    np.testing.assert_allclose(gradient, [(up[0] - down[0]) / 2e-5 for up, down in moved], rtol=1e-6)
    np.testing.assert_allclose(curvature, [(down[1] - up[1]) / 2e-5 for up, down in moved], rtol=1e-5)


def test_without_late_entries_it_is_scikit_survivals() -> None:
    random = np.random.default_rng(0)
    design, time, event = random.normal(size=(150, 3)), np.ceil(random.exponential(10, 150)), random.random(150) < 0.6
    expected = CoxPHSurvivalAnalysis(alpha=0.7, ties="efron", tol=1e-12).fit(design, Surv.from_arrays(event, time))
    found = EnteredCox(0.7).fit(design, np.column_stack([time, event, np.zeros(150)]))
    np.testing.assert_allclose(found.coef_, expected.coef_, atol=1e-8)


def test_splines_learn_from_entries_and_trees_refuse_them() -> None:
    random = np.random.default_rng(3)
    numeric, entry = random.normal(size=(200, 1)).astype(np.float32), random.uniform(0, 2, 200)
    time = entry + random.exponential(np.exp(-numeric[:, 0]))
    target = np.column_stack([time, np.ones(200), entry])
    content = (
        SplineCox(knots=4, ridge=1.0).fit(numeric, np.zeros((200, 0), int), target, ()).contents("cox", np.ones(1))
    )
    assert content["cox.json"]["baseline"][0] > 0  # type: ignore[index]
    forest = SurvivalForest(trees=2, min_leaf=5, features=1.0, resolution=0.1, seed=0)
    with pytest.raises(AssertionError, match="knows no entries"):
        forest.fit(numeric, np.zeros((200, 0), int), target, ())
