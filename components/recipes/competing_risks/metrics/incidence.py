"""Cumulative incidence of a group as a whole: how many have had an event of each cause by then.

Aalen and Johansen, An empirical transition matrix for non-homogeneous Markov chains based on censored observations
(Scandinavian Journal of Statistics, 1978). One minus Kaplan and Meier's estimate of one cause, the others censored,
says more: it goes on as if the others would not happen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from components.kits.survival.metrics.entered import ProductLimit
from components.recipes.competing_risks.metrics.rows import any_event, caused_outcome

NOBODY = 1e-12  # is left


@dataclass(frozen=True)
class Incidence:
    """At each of `steps` (S,) the share free of any event (S,), and the `incidence` (K, S) of each cause with its
    `variance` (K, S).
    """

    steps: np.ndarray
    free: np.ndarray
    incidence: np.ndarray
    variance: np.ndarray

    @classmethod
    def of(cls, target: np.ndarray, causes: int) -> "Incidence":
        """Of a target (N, 2), or (N, 3) with entries, in which `causes` may have happened."""
        time, cause, _ = caused_outcome(target)
        limit = ProductLimit.of(any_event(target))
        place = np.searchsorted(limit.steps, time)
        counts = [np.bincount(place, weights=cause == one, minlength=len(limit.steps)) for one in range(1, causes + 1)]
        events = np.stack(counts) * (limit.events > 0)  # those that next to nobody was at risk of are passed over
        before = limit.before(limit.steps)
        incidence = np.cumsum(before * events / limit.risk, axis=1)
        return cls(limit.steps, limit.survival, incidence, _variance(limit, before, events, incidence))

    def at(self, times: Sequence[float] | np.ndarray) -> np.ndarray:
        """(K, T) by each of `times` (T,); after the last step, what that left."""
        place = np.searchsorted(self.steps, np.asarray(times, dtype=np.float64), side="right")
        found: np.ndarray = np.concatenate([np.zeros((len(self.incidence), 1)), self.incidence], axis=1)[:, place]
        return found

    def knows(self, horizon: float) -> bool:
        """Whether somebody was observed until then, or all have had an event before."""
        return bool(self.steps[-1] >= horizon or self.free[-1] <= NOBODY)

    def bounds(self, confidence: float) -> tuple[np.ndarray, np.ndarray]:
        """Of the incidence, on the scale of log(-log): two (K, S)."""
        share = self.incidence
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(share)
            wide = norm.isf((1 - confidence) / 2) * np.sqrt(self.variance) / np.abs(share * logs)
            high, low = (np.exp(logs * np.exp(sign * wide)) for sign in (-1, 1))
        known = (share > 0) & (share < 1)
        return np.where(known, low, share), np.where(known, high, share)


def observed_incidence(target: np.ndarray, cause: int, horizon: float) -> float:
    """Of one cause by the horizon; NaN where somebody was left whom nobody observed so long."""
    if len(target) == 0:
        return np.nan
    found = Incidence.of(target, cause)
    return float(found.at([horizon])[cause - 1, 0]) if found.knows(horizon) else np.nan


def _variance(limit: ProductLimit, before: np.ndarray, events: np.ndarray, incidence: np.ndarray) -> np.ndarray:
    """(K, S) by the delta method (Marubini and Valsecchi, Analysing Survival Data from Clinical Trials and
    Observational Studies, 1995, 10.2), as cmprsk for R has it.
    """
    risk, ended = limit.risk, limit.events
    left = risk - ended
    greenwood = np.divide(ended, risk * left, out=np.zeros_like(risk), where=left > 0)
    first = (
        incidence**2 * np.cumsum(greenwood)
        - 2 * incidence * np.cumsum(incidence * greenwood, axis=1)
        + np.cumsum(incidence**2 * greenwood, axis=1)
    )
    second = np.cumsum(before**2 * events * (risk - events) / risk**3, axis=1)
    shared = before * events / risk**2
    third = incidence * np.cumsum(shared, axis=1) - np.cumsum(incidence * shared, axis=1)
    found: np.ndarray = np.maximum(first + second - 2 * third, 0.0)
    return found
