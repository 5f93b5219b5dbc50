"""The chance of still being observed, and the weights that make up for those who were not.

Inverse probability of censoring weighting: Graf et al., Assessment and comparison of prognostic
classification schemes for survival data (Statistics in Medicine, 1999).
"""

from dataclasses import dataclass

import numpy as np
from sksurv.nonparametric import kaplan_meier_estimator
from sksurv.util import Surv

from components.kits.survival.metrics.entered import ProductLimit
from components.kits.survival.metrics.rows import entered_outcome


@dataclass(frozen=True)
class Censoring:
    """A cohort's outcome as scikit-survival takes it, and its censoring distribution: steps down at `time`.

    Where people `entered` after time zero, weights come from that estimate instead.
    """

    outcome: np.ndarray
    time: np.ndarray
    probability: np.ndarray
    entered: ProductLimit | None = None

    @classmethod
    def of(cls, target: np.ndarray) -> "Censoring":
        """Kaplan and Meier's estimate with censoring as the event, of a target (N, 2); events come first in ties."""
        time, event, entry = entered_outcome(target)
        steps, probability = kaplan_meier_estimator(event, time, reverse=True)
        entered = None if entry is None else ProductLimit.of(target)
        return cls(Surv.from_arrays(event, time), steps, probability, entered)

    def at(self, time: np.ndarray | float) -> np.ndarray:
        """The probability (N,) of being observed beyond `time` (N,); after the last step, what that left."""
        place = np.searchsorted(self.time, time, side="right")
        return np.concatenate([[1.0], self.probability])[place]

    def weights(
        self, time: np.ndarray, event: np.ndarray, horizon: float, entry: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Of each row (N,) as one with the event by the horizon, and as one without: 1 over the chance to see it so.

        Rows that were censored before the horizon weigh nothing in either. Rows with an `entry` (N,) are weighed as
        `ProductLimit.weights` has it.
        """
        if self.entered is not None:
            return self.entered.weights(time, event, horizon, np.zeros(len(time)) if entry is None else entry)
        seen = self.at(time)
        cases = np.divide(1.0, seen, out=np.zeros_like(seen), where=event & (time <= horizon) & (seen > 0))
        at_horizon = float(self.at(horizon))
        controls = (time > horizon) / at_horizon if at_horizon > 0 else np.zeros_like(seen)
        return cases, controls
