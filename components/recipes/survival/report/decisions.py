"""Decisions by a risk, and what they are worth: right and wrong ones with bounds, and net benefit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from components.core.results import Interval
from components.evaluation.presentation.shares import wilson
from components.recipes.survival.metrics.metrics import known_states
from components.recipes.survival.metrics.rows import checked_outcome, checked_score
from components.recipes.survival.report.groups import observed_risk


@dataclass(frozen=True)
class Decisions:
    """Of patients whose state at the horizon is known: how many of those with the event are `hit` or `missed`, of those
    without it `false` or `cleared`; shares with Wilson's bounds, F1, and how many were left out.
    """

    hit: int
    missed: int
    false: int
    cleared: int
    sensitivity: Interval | None
    specificity: Interval | None
    precision: Interval | None
    f1: float | None
    known: int
    unknown: int


def decisions(
    target: np.ndarray, risk: np.ndarray, *, threshold: float, horizon: float, confidence: float
) -> Decisions:
    """Judge `risk >= threshold` (N,) on the event by the horizon; None where there is nobody to judge it on."""
    time, event = checked_outcome(target)
    over = checked_score(risk, len(time)) >= threshold
    had, had_not = known_states(time, event, horizon)
    hit, missed, false = ((over & had).sum(), (~over & had).sum(), (over & had_not).sum())
    return Decisions(
        hit=int(hit),
        missed=int(missed),
        false=int(false),
        cleared=int(had_not.sum() - false),
        sensitivity=wilson(int(hit), int(had.sum()), confidence),
        specificity=wilson(int(had_not.sum() - false), int(had_not.sum()), confidence),
        precision=wilson(int(hit), int(hit + false), confidence),
        f1=float(2 * hit / (2 * hit + false + missed)) if hit + false + missed else None,
        known=int(had.sum() + had_not.sum()),
        unknown=int(len(time) - had.sum() - had_not.sum()),
    )


def net_benefit(
    target: np.ndarray, risk: np.ndarray, *, horizon: float, thresholds: Sequence[float] | np.ndarray
) -> np.ndarray:
    """Net benefit (P,) of treating whose risk (N,) by the horizon is at least each threshold (P,).

    True positives less false ones weighed with the odds of the threshold, per patient; the risk of
    those treated is Kaplan and Meier's (Vickers et al., Extensions to decision curve analysis, 2008).
    NaN where those treated were not observed so long.
    """
    found = []
    for threshold in thresholds:
        treated = risk >= threshold
        events = observed_risk(target[treated], horizon) if treated.any() else 0.0
        found.append(treated.mean() * (events - (1 - events) * threshold / (1 - threshold)))
    return np.array(found)


def net_benefit_of_all(target: np.ndarray, *, horizon: float, thresholds: Sequence[float] | np.ndarray) -> np.ndarray:
    """The same if everybody is treated."""
    return net_benefit(target, np.ones(len(target)), horizon=horizon, thresholds=thresholds)
