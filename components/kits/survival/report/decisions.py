"""Decisions by a risk, and what they are worth: right and wrong ones with bounds, and net benefit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from components.core.results import Interval
from components.evaluation.presentation.shares import wilson
from components.kits.survival.metrics.entered import own_weights
from components.kits.survival.metrics.rows import checked_score, entered_outcome
from components.kits.survival.metrics.states import known_states
from components.kits.survival.report.groups import observed_risk

States = tuple[np.ndarray, np.ndarray]  # of rows (N,): with the event by a horizon, and without


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
    """Judge `risk >= threshold` (N,) on the event by the horizon; None where there is nobody to judge it on.

    With entries the counts are of people seen, the shares of those that they stand for at time zero.
    """
    time, event, entry = entered_outcome(target)
    weights = None if entry is None else own_weights(target, horizon)
    states = known_states(time, event, horizon, entry)
    return judged(risk, states, weights, threshold=threshold, confidence=confidence)


def judged(
    risk: np.ndarray, states: States, weights: States | None, *, threshold: float, confidence: float
) -> Decisions:
    """The same by who had the event by then and who had not, two (N,) of bool, and what they weigh with entries."""
    over = checked_score(risk, len(risk)) >= threshold
    had, had_not = states
    hit, missed, false = ((over & had).sum(), (~over & had).sum(), (over & had_not).sum())
    found = Decisions(
        hit=int(hit),
        missed=int(missed),
        false=int(false),
        cleared=int(had_not.sum() - false),
        sensitivity=wilson(int(hit), int(had.sum()), confidence),
        specificity=wilson(int(had_not.sum() - false), int(had_not.sum()), confidence),
        precision=wilson(int(hit), int(hit + false), confidence),
        f1=float(2 * hit / (2 * hit + false + missed)) if hit + false + missed else None,
        known=int(had.sum() + had_not.sum()),
        unknown=int(len(risk) - had.sum() - had_not.sum()),
    )
    return found if weights is None else _weighed(found, over, weights, confidence)


def _weighed(found: Decisions, over: np.ndarray, weights: States, confidence: float) -> Decisions:
    """The shares by the weights of those with the event and of those without it, two (N,)."""
    cases, controls = weights
    hit, false, all_ = float(cases[over].sum()), float(controls[over].sum()), float(cases.sum())
    return replace(
        found,
        sensitivity=_share(over, cases, confidence),
        specificity=_share(~over, controls, confidence),
        precision=_share(cases > 0, np.where(over, cases + controls, 0.0), confidence),
        f1=2 * hit / (hit + false + all_) if hit + false + all_ else None,
    )


def _share(which: np.ndarray, weights: np.ndarray, confidence: float) -> Interval | None:
    """A weighed share with Wilson's bounds for as many equal rows as tell as much (Kish's effective number)."""
    if not weights.any():
        return None
    share = float(weights[which].sum() / weights.sum())
    rows = max(1, round(float(weights.sum() ** 2 / (weights**2).sum())))
    bounds = wilson(round(share * rows), rows, confidence)
    assert bounds is not None
    return Interval(share, min(share, bounds.low), max(share, bounds.high))


def net_benefit(
    target: np.ndarray,
    risk: np.ndarray,
    *,
    horizon: float,
    thresholds: Sequence[float] | np.ndarray,
    observed: Callable[[np.ndarray, float], float] = observed_risk,
    weigh: Callable[[np.ndarray, float], States] = own_weights,
) -> np.ndarray:
    """Net benefit (P,) of treating whose risk (N,) by the horizon is at least each threshold (P,).

    True positives less false ones weighed with the odds of the threshold, per patient; the risk of
    those treated is Kaplan and Meier's (Vickers et al., Extensions to decision curve analysis, 2008).
    NaN where those treated were not observed so long. With entries people weigh what they stand for at time zero.
    `observed` and `weigh` say otherwise where there are several kinds of events.
    """
    if target.shape[1] == 3:
        return _net_benefit_weighed(weigh(target, horizon), risk, np.asarray(thresholds))
    found = []
    for threshold in thresholds:
        treated = risk >= threshold
        events = observed(target[treated], horizon) if treated.any() else 0.0
        found.append(treated.mean() * (events - (1 - events) * threshold / (1 - threshold)))
    return np.array(found)


def _net_benefit_weighed(weights: States, risk: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    cases, controls = weights
    treated = risk >= thresholds[:, None]
    found: np.ndarray = treated @ cases - (treated @ controls) * thresholds / (1 - thresholds)
    whole = float(cases.sum() + controls.sum())
    return found / whole if whole else np.full(len(thresholds), np.nan)


def net_benefit_of_all(target: np.ndarray, *, horizon: float, thresholds: Sequence[float] | np.ndarray) -> np.ndarray:
    """The same if everybody is treated."""
    return net_benefit(target, np.ones(len(target)), horizon=horizon, thresholds=thresholds)
