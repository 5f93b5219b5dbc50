"""Cumulative hazards on a grid of times, straight between its points: a constant hazard in each interval.

`times` (T,) are years that rise from above 0; `cumulative` (..., T) the cumulative hazard at each, from 0 at time 0.
Survival is exp(-cumulative).
"""

from collections.abc import Sequence

import numpy as np

from components.kits.survival.metrics.rows import SMALLEST_HAZARD, entered_outcome


def at(wanted: np.ndarray | Sequence[float], times: np.ndarray, cumulative: np.ndarray) -> np.ndarray:
    """Cumulative hazards (..., W) at the times `wanted` (W,); the last interval's hazard goes on behind the grid."""
    wanted, grid = np.asarray(wanted, dtype=np.float64), np.concatenate([[0.0], times])
    whole = np.concatenate([np.zeros((*cumulative.shape[:-1], 1)), cumulative], axis=-1)
    place = np.clip(np.searchsorted(grid, wanted, side="left") - 1, 0, len(times) - 1)
    share = (wanted - grid[place]) / (grid[place + 1] - grid[place])
    found: np.ndarray = whole[..., place] + share * (whole[..., place + 1] - whole[..., place])
    return found


def log_likelihood(target: np.ndarray, times: np.ndarray, cumulative: np.ndarray) -> np.ndarray:
    """Of a target (N, 2) under curves (N, T), for each row (N,); observation ends with the grid at the latest.

    log h(t) if the event came at t, and minus the cumulative hazard until then (Friedman, Piecewise
    exponential models for survival data with covariates, 1982). With entries, a target (N, 3), it is that since the
    entry: nobody could have been seen to have the event before.
    """
    observed, event, entry = entered_outcome(target)
    event = event & (observed <= times[-1])
    observed = np.minimum(observed, times[-1])
    place = np.minimum(np.searchsorted(times, observed, side="left"), len(times) - 1)
    start = np.concatenate([[0.0], times])[place]
    before = np.concatenate([np.zeros((len(cumulative), 1)), cumulative], axis=1)
    row = np.arange(len(cumulative))
    hazard = np.maximum((cumulative[row, place] - before[row, place]) / (times[place] - start), SMALLEST_HAZARD)
    found: np.ndarray = event * np.log(hazard) - before[row, place] - hazard * (observed - start)
    return found if entry is None else found + _until(entry, times, before)


def _until(entry: np.ndarray, times: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Each row's cumulative hazard at its own time (N,), of curves `before` (N, 1 + T) that begin with time 0."""
    grid, inside = np.concatenate([[0.0], times]), np.minimum(entry, times[-1])
    place = np.clip(np.searchsorted(grid, inside, side="left") - 1, 0, len(times) - 1)
    share = (inside - grid[place]) / (grid[place + 1] - grid[place])
    row = np.arange(len(before))
    found: np.ndarray = before[row, place] + share * (before[row, place + 1] - before[row, place])
    return found


def risks(horizons: Sequence[float], times: np.ndarray, cumulative: np.ndarray) -> np.ndarray:
    """The risk `(N, H)` by each horizon: 1 - survival."""
    found: np.ndarray = -np.expm1(-at(horizons, times, cumulative))
    return found
