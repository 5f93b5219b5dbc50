"""Figures of mgus2 (R package survival, LGPL): 1,384 people with a monoclonal gammopathy, of whom 115 had a plasma cell
malignancy and 860 died without: what lifelines 0.30.0 has of them. It jitters tied times, of which there are many.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.kits.survival.assembly.baselines import SplineCox
from components.recipes.competing_risks.metrics.incidence import Incidence
from components.recipes.competing_risks.metrics.rows import event_of

TABLE = pd.read_csv(Path(__file__).parent / "cohorts" / "mgus2.csv")
TARGET = TABLE[["months", "status"]].to_numpy(dtype=np.float64)

# By 5, 10 and 20 years, with their standard errors.
LIFELINES = {
    1: ([0.034118, 0.063826, 0.099902], [0.004891, 0.006808, 0.009784]),
    2: ([0.320425, 0.532221, 0.724835], [0.012569, 0.014067, 0.01561]),
}
# Coefficients of Cox's regression of each cause: age in years, the M-spike in g/dl, men.
COX = {1: (0.01635, 0.88408, -0.00503), 2: (0.0652, -0.05926, 0.3889)}


@pytest.mark.parametrize("cause", [1, 2])
def test_incidences_are_those_of_lifelines(cause: int) -> None:
    found = Incidence.of(TARGET, 2)
    shares, errors = LIFELINES[cause]
    assert found.at([60, 120, 240])[cause - 1] == pytest.approx(shares, abs=1e-3)
    places = np.searchsorted(found.steps, [60, 120, 240], side="right") - 1
    assert np.sqrt(found.variance[cause - 1, places]) == pytest.approx(errors, rel=0.05)


@pytest.mark.parametrize("cause", [1, 2])
def test_cox_of_a_cause_has_the_coefficients_of_lifelines(cause: int) -> None:
    """Straight lines and next to no penalty; of sexes the difference. lifelines has Efron's ties, this Breslow's."""
    known = TABLE.dropna().reset_index(drop=True)
    numeric = known[["age", "mspike"]].to_numpy(dtype=np.float64)
    sex = (known["sex"] == "M").to_numpy(dtype=np.int64)[:, None]
    target = event_of(known[["months", "status"]].to_numpy(dtype=np.float64), cause)
    model = SplineCox(knots=2, ridge=1e-3).fit(numeric, sex, target, [2])
    content = model.contents("cox", np.array([12.0]))["cox.json"]
    assert isinstance(content, dict)
    age, spike = (curve["coefficients"][0] for curve in content["curves"])
    women, men = content["tables"][0]
    assert (age, spike, men - women) == pytest.approx(COX[cause], abs=2e-3)
