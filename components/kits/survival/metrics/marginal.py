"""Risk of a cohort as a whole, whoever is asked about: Kaplan and Meier, Nonparametric estimation (JASA, 1958)."""

from collections.abc import Sequence

import numpy as np
from sksurv.nonparametric import kaplan_meier_estimator

from components.kits.survival.metrics.entered import ProductLimit
from components.kits.survival.metrics.rows import entered_outcome


def marginal_risks(target: np.ndarray, horizons: Sequence[float]) -> np.ndarray:
    """One minus the survival (H,) at each horizon of a target (N, 2), or (N, 3) with
    entries; after its last step, what that left.
    """
    time, event, entry = entered_outcome(target)
    if entry is not None:
        return 1 - ProductLimit.of(target).at(np.asarray(horizons, dtype=np.float64))
    steps, survival = kaplan_meier_estimator(event, time)
    place = np.searchsorted(steps, np.asarray(horizons, dtype=np.float64), side="right")
    found: np.ndarray = 1 - np.concatenate([[1.0], survival])[place]
    return found
