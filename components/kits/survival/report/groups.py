"""Patients in groups: by their risk, with Kaplan and Meier's curves, and by what they have in common."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from sksurv.nonparametric import kaplan_meier_estimator

from components.kits.survival.metrics.entered import ProductLimit, mean_risk
from components.kits.survival.metrics.rows import checked_score, entered_outcome
from components.kits.tables.groups import group_labels


@dataclass(frozen=True)
class Curve:
    """Kaplan and Meier's survival of one group (N rows): steps at `time` with bounds, and the numbers at risk."""

    name: str
    rows: int
    time: np.ndarray
    survival: np.ndarray
    low: np.ndarray
    high: np.ndarray
    at_risk: list[int]


def kaplan_meier(name: str, target: np.ndarray, years: Sequence[float], confidence: float) -> Curve:
    """The curve of a target (N, 2), and how many are still observed just before each of `years`.

    Bounds are those of log(-log survival) (Kalbfleisch and Prentice, 1980). Of a target (N, 3) those who had not
    entered are not at risk.
    """
    time, event, entry = entered_outcome(target)
    if entry is not None:
        found = ProductLimit.of(target)
        counts = [int(((time >= year) & ((entry < year) | (entry == 0))).sum()) for year in years]
        return Curve(name, len(time), found.steps, found.survival, *found.bounds(confidence), counts)
    steps, survival, (low, high) = kaplan_meier_estimator(event, time, conf_level=confidence, conf_type="log-log")
    at_risk = [int((time >= year).sum()) for year in years]
    return Curve(name, len(time), steps, survival, np.clip(low, 0, 1), np.clip(high, 0, 1), at_risk)


def observed_risk(target: np.ndarray, horizon: float) -> float:
    """1 - Kaplan and Meier's survival at the horizon; NaN where nobody was observed so long."""
    time, event, entry = entered_outcome(target)
    if time.max() < horizon:
        return np.nan
    if entry is not None:
        return float(1 - ProductLimit.of(target).at(horizon))
    steps, survival = kaplan_meier_estimator(event, time)
    return float(1 - np.concatenate([[1.0], survival])[np.searchsorted(steps, horizon, side="right")])


def risk_groups(score: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The group of each score (N,), from 0, the lowest, by rising edges (G - 1,); a score at an edge is above it."""
    return np.searchsorted(edges, checked_score(score, len(score)), side="right")


def group_names(edges: np.ndarray) -> list[str]:
    """Groups by the risks between which they lie."""
    shown = [f"{edge:.0%}" for edge in edges]
    return [f"under {shown[0]}", *(f"{low} to {high}" for low, high in pairwise(shown)), f"{shown[-1]} and over"]


def subgroups(
    target: np.ndarray,
    risk: np.ndarray,
    column: pd.Series,
    *,
    edges: Sequence[float] | None,
    horizon: float,
    minimum: int,
    measure: Callable[[np.ndarray, np.ndarray], float],
) -> list[dict[str, Any]]:
    """A row a group: `group`, `rows`, `events`, `measure` of target and risk (N,), risk `observed` and `predicted`.

    A group of fewer rows than `minimum` is not `sufficient`: its figures are None, not noise.
    """

    def figures(inside: np.ndarray) -> tuple[float, float, float]:
        own = target[inside]
        return (
            measure(own, risk[inside]),
            observed_risk(own, horizon),
            mean_risk(own, risk[inside], horizon),
        )

    return by_group(column, edges, target[:, 1] == 1, minimum, figures)


def by_group(
    column: pd.Series,
    edges: Sequence[float] | None,
    event: np.ndarray,
    minimum: int,
    figures: Callable[[np.ndarray], tuple[float, float, float]],
) -> list[dict[str, Any]]:
    """The same rows, of who had the event (N,) and of what `figures` says of rows inside (N,): the measure, and the
    risk as observed and as predicted.
    """
    labels = group_labels(column, edges)
    found = []
    for name in labels.categories:
        inside = np.asarray(labels == name)
        enough = int(inside.sum()) >= minimum
        told = figures(inside) if enough else (np.nan,) * 3
        found.append(
            {
                "group": str(name),
                "rows": int(inside.sum()),
                "events": int(event[inside].sum()),
                "sufficient": enough,
                **{
                    key: value if np.isfinite(value) else None
                    for key, value in zip(("measure", "observed", "predicted"), told, strict=True)
                },
            }
        )
    return found
