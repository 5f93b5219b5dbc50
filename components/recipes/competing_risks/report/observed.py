"""What happened, to hold beside what was said: incidences of groups of people, by Aalen and Johansen's estimate."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from components.kits.survival.report.calibration import Reliability
from components.kits.survival.report.decisions import net_benefit
from components.recipes.competing_risks.metrics.incidence import Incidence, observed_incidence
from components.recipes.competing_risks.metrics.rows import caused_outcome, censoring_of, weights_of

Weights = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Steps:
    """The incidence of one cause in a group of so many rows: steps at `time` (S,) with bounds, from 0 at time zero."""

    name: str
    rows: int
    time: np.ndarray
    share: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, name: str, target: np.ndarray, cause: int, confidence: float, end: float) -> "Steps":
        """Until `end`, which the last step is drawn out to."""
        found = Incidence.of(target, cause)
        inside = found.steps <= end
        bounds = (found.incidence, *found.bounds(confidence))
        levels = [np.concatenate([[0.0], part[cause - 1][inside]]) for part in bounds]
        drawn = [np.append(level, level[-1]) for level in levels]
        return cls(name, len(target), np.concatenate([[0.0], found.steps[inside], [end]]), *drawn)


def mean_incidence(target: np.ndarray, risk: np.ndarray, cause: int, horizon: float) -> float:
    """The mean of risks (N,) by the horizon over the population at time zero: with entries, rows are weighed for who
    is missing among them; without, it is the plain mean.
    """
    if target.shape[1] == 2:
        return float(risk.mean())
    weights = np.add(*own_weights(target, cause, horizon))
    return float(np.average(risk, weights=weights)) if weights.sum() > 0 else np.nan


def own_weights(target: np.ndarray, cause: int, horizon: float) -> Weights:
    """As ones with an event of the cause by the horizon and as ones without, by the rows' own censoring."""
    return weights_of(caused_outcome(target), cause, horizon, censoring_of(target))


def worth(
    target: np.ndarray, risk: np.ndarray, cause: int, *, horizon: float, thresholds: Sequence[float] | np.ndarray
) -> np.ndarray:
    """`net_benefit` (P,) of treating whose risk (N,) of the cause is at least each threshold (P,)."""
    return net_benefit(
        target,
        risk,
        horizon=horizon,
        thresholds=thresholds,
        observed=lambda treated, by: observed_incidence(treated, cause, by),
        weigh=lambda rows, by: own_weights(rows, cause, by),
    )


def reliability(
    target: np.ndarray, risk: np.ndarray, cause: int, *, horizon: float, groups: int, confidence: float
) -> Reliability:
    """Groups of equal size by the risk (N,) by the horizon; one that nobody was observed so long in is left out."""
    found = []
    steps = partial(Steps.of, "", cause=cause, confidence=confidence, end=horizon)
    for inside in np.array_split(np.argsort(risk, kind="stable"), min(groups, len(risk))):
        own = target[inside]
        if not np.isnan(observed_incidence(own, cause, horizon)):
            seen = steps(own)
            found.append(
                [mean_incidence(own, risk[inside], cause, horizon), seen.share[-1], seen.low[-1], seen.high[-1]]
            )
    return Reliability(*np.array(found).reshape(-1, 4).T)
