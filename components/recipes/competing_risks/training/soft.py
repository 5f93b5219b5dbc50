"""What a teacher expects of patients: fractions of events and of time lived through."""

import numpy as np

from components.kits.survival.training.data import soft_outcome
from components.recipes.competing_risks.metrics.hazards import incidences


def soft_causes(cumulative: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Expected events `(N, K, J)` and exposure `(N, 1, J)` of patients with cause-specific cumulative hazards
    (N, K, J) at the intervals' ends.
    """
    _, exposure = soft_outcome(cumulative.sum(axis=1))
    return np.diff(incidences(cumulative), axis=-1, prepend=0.0), exposure[:, None]
