"""Calibration: what was predicted beside what happened, in groups of equal size."""

from dataclasses import dataclass

import numpy as np

from components.kits.survival.metrics.entered import mean_risk
from components.kits.survival.report.groups import kaplan_meier


@dataclass(frozen=True)
class Reliability:
    """Of G groups by predicted risk: the mean prediction, and Kaplan and Meier's risk with bounds, each (G,)."""

    predicted: np.ndarray
    observed: np.ndarray
    low: np.ndarray
    high: np.ndarray


def reliability(target: np.ndarray, risk: np.ndarray, *, horizon: float, groups: int, confidence: float) -> Reliability:
    """Groups of equal size by the risk (N,) by the horizon; one that nobody was observed so long in is left out."""
    found = []
    for inside in np.array_split(np.argsort(risk, kind="stable"), min(groups, len(risk))):
        curve = kaplan_meier("", target[inside], [], confidence)
        if curve.time[-1] < horizon:
            continue
        place = np.searchsorted(curve.time, horizon, side="right") - 1
        at_horizon = [part[place] if place >= 0 else 1.0 for part in (curve.survival, curve.low, curve.high)]
        found.append([mean_risk(target[inside], risk[inside], horizon), *(1 - np.array(at_horizon))])
    predicted, observed, high, low = np.array(found).reshape(-1, 4).T
    return Reliability(predicted, observed, low, high)
