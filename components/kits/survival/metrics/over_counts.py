"""The metrics of `metrics.py` for many resamples at once.

Every function takes years (N,), events (N,) of bool, a score and `counts` (R, N), how often each
row was drawn in each of R resamples, and returns (R,): what the plain metric says of the rows
repeated that often, NaN where they do not define it. `weights` are those of `Censoring.weights`, of
a censoring distribution that stays as it is; calibration takes the drawn rows' own. `entry` (N,) are years until people
came under observation, None where all did at time zero.
"""

import numpy as np
from scipy.special import expit

from components.kits.survival.metrics.entered import too_early
from components.kits.survival.metrics.rows import log_odds

TIED = 1e-8  # scores so close are tied, as scikit-survival has it
PAIRS = 4_000_000  # looked at at once: 32 MB
NEWTON_STEPS = 30
NEWTON_TOLERANCE = 1e-9

Weights = tuple[np.ndarray, np.ndarray]


def c_index(
    time: np.ndarray, event: np.ndarray, score: np.ndarray, counts: np.ndarray, entry: np.ndarray | None = None
) -> np.ndarray:
    """Two rows are compared where both were at risk when the first of them had the event."""
    concordant, comparable = np.zeros((2, len(counts)))
    first = np.flatnonzero(event)
    step = max(1, PAIRS // len(time))
    for block in (first[start : start + step] for start in range(0, len(first), step)):
        # Who had the event first is known if the other was observed for longer, or as long and without it.
        known = (time[block, None] < time) | ((time[block, None] == time) & ~event)
        if entry is not None:
            known &= entry < time[block, None]
        ahead = score[block, None] - score
        won = np.where(np.abs(ahead) <= TIED, 0.5, ahead > 0) * known
        concordant += np.einsum("rn,rn->r", counts[:, block] @ won, counts)
        comparable += np.einsum("rn,rn->r", counts[:, block] @ known.astype(np.float64), counts)
    return divide(concordant, comparable)


def auc(score: np.ndarray, counts: np.ndarray, weights: Weights) -> np.ndarray:
    """Of a score (N,): the chance that one with the event by the horizon scores above one without."""
    order = np.argsort(-score, kind="stable")
    last_of_tie = np.append(np.abs(np.diff(score[order])) > TIED, True)
    cases, controls = (np.cumsum(counts[:, order] * part[order], axis=1)[:, last_of_tie] for part in weights)
    middle = cases.copy()
    middle[:, 1:] += cases[:, :-1]
    pairs = 0.5 * np.einsum("rk,rk->r", np.diff(controls, axis=1, prepend=0), middle)
    return divide(pairs, cases[:, -1] * controls[:, -1])


def brier(time: np.ndarray, risk: np.ndarray, counts: np.ndarray, weights: Weights, horizon: float) -> np.ndarray:
    """Of the risk (N,) by the horizon, which must lie within the drawn rows' observation."""
    cases, controls = weights
    squares = counts @ (cases * (1 - risk) ** 2 + controls * risk**2) / counts.sum(axis=1)
    within = (counts @ (time <= horizon) > 0) & (counts @ (time > horizon) > 0)
    return np.where(within, squares, np.nan)


def calibration(
    time: np.ndarray,
    event: np.ndarray,
    risk: np.ndarray,
    counts: np.ndarray,
    horizon: float,
    entry: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Slope of the weighted logistic regression of the event on the risk's log-odds, and the intercept with slope 1."""
    weights = own_weights(time, event, counts, horizon, entry)
    return recalibration(risk, weights, slope=True), recalibration(risk, weights, slope=False)


def recalibration(risk: np.ndarray, weights: Weights, *, slope: bool) -> np.ndarray:
    """One of the two (R,), by the weights, (R, N) each, of the rows as ones with the event and as ones without."""
    odds = log_odds(risk)
    cases, controls = weights
    both = (cases.sum(axis=1) > 0) & (controls.sum(axis=1) > 0)
    found = np.full(len(cases), np.nan)
    ones = np.ones((len(odds), 1))
    if slope:
        found[both] = _newton(np.column_stack([ones, odds]), np.zeros(len(odds)), cases[both], controls[both])[:, 1]
    else:
        found[both] = _newton(ones, odds, cases[both], controls[both])[:, 0]
    return found


def own_weights(
    time: np.ndarray, event: np.ndarray, counts: np.ndarray, horizon: float, entry: np.ndarray | None = None
) -> Weights:
    """`(R, N)` each: how often a row was drawn, times `Censoring.weights` by the drawn rows' own distribution."""
    if entry is not None:
        return _entered_weights(time, event, counts, horizon, entry)
    steps, place = np.unique(time, return_inverse=True)
    order = np.argsort(time, kind="stable")
    starts = np.searchsorted(time[order], steps)
    events, all_ = (np.add.reduceat((counts * part)[:, order], starts, axis=1) for part in (event, 1.0))
    at_risk = np.cumsum(all_[:, ::-1], axis=1)[:, ::-1] - events  # events come first in ties
    kept = np.cumprod(1 - np.divide(all_ - events, at_risk, out=np.zeros_like(at_risk), where=at_risk > 0), axis=1)
    seen = kept[:, place]
    at_horizon = np.concatenate([np.ones((len(counts), 1)), kept], axis=1)[:, np.searchsorted(steps, horizon, "right")]
    had = event & (time <= horizon) & (seen > 0)
    cases = np.divide(counts, seen, out=np.zeros_like(seen), where=had)
    later = counts * (time > horizon)
    controls = np.divide(later, at_horizon[:, None], out=np.zeros_like(later), where=at_horizon[:, None] > 0)
    return cases, controls


def _entered_weights(
    time: np.ndarray, event: np.ndarray, counts: np.ndarray, horizon: float, entry: np.ndarray
) -> Weights:
    """`ProductLimit.weights` of the drawn rows, for each resample."""
    steps, place = np.unique(time, return_inverse=True)
    drawn = counts.sum(axis=1, keepdims=True)
    ended, events = (_summed(counts * part, place, len(steps)) for part in (1.0, event))
    entered = _summed(counts, np.searchsorted(steps, entry, side="right"), len(steps))  # at risk from the next step on
    gone = np.concatenate([np.zeros((len(counts), 1)), np.cumsum(ended, axis=1)], axis=1)
    at_risk = np.cumsum(entered, axis=1) - gone[:, :-1]
    early = too_early(at_risk)
    counted = ~early & (at_risk > 0)
    alive = np.cumprod(1 - np.divide(events, at_risk, out=np.zeros_like(at_risk), where=counted), axis=1)
    before = np.concatenate([np.ones((len(counts), 1)), alive], axis=1)
    seen = np.divide(at_risk / drawn, before[:, :-1], out=np.zeros_like(at_risk), where=before[:, :-1] > 0)
    seen = np.where(early, 0.0, seen)[:, place]
    cases = np.divide(counts, seen, out=np.zeros_like(seen), where=event & (time <= horizon) & (seen > 0))
    here = counts * ((time > horizon) & (entry <= horizon))
    left = before[:, [np.searchsorted(steps, horizon, "right")]]
    beyond = np.divide(here.sum(axis=1, keepdims=True) / drawn, left, out=np.zeros_like(left), where=left > 0)
    return cases, np.divide(here, beyond, out=np.zeros_like(here), where=beyond > 0)


def _summed(values: np.ndarray, place: np.ndarray, count: int) -> np.ndarray:
    """Values (R, N) added up by their place (N,): (R, count)."""
    found = np.zeros((count + 1, len(values)))
    np.add.at(found, place, values.T)
    return found[:count].T


def flagged(
    score: np.ndarray, counts: np.ndarray, with_event: np.ndarray, without: np.ndarray, threshold: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sensitivity, specificity and F1 of `score >= threshold` among rows whose state at the horizon is known: it is
    `with_event` or `without`, or their weights.
    """
    over = score >= threshold
    hit, missed = counts @ (over * with_event), counts @ (~over * with_event)
    false, right = counts @ (over * without), counts @ (~over * without)
    return divide(hit, hit + missed), divide(right, right + false), divide(2 * hit, 2 * hit + false + missed)


def _newton(design: np.ndarray, offset: np.ndarray, cases: np.ndarray, controls: np.ndarray) -> np.ndarray:
    """Newton's method on R weighted logistic likelihoods at once: design (N, P) to coefficients (R, P)."""
    rows = cases + controls
    found = np.zeros((len(rows), design.shape[1]))
    step = np.full_like(found, np.inf)
    outer = np.einsum("np,nq->npq", design, design).reshape(len(design), -1)
    with np.errstate(all="ignore"):
        for _ in range(NEWTON_STEPS):
            chance = expit(found @ design.T + offset)
            gradient = (cases - rows * chance) @ design
            hessian = ((rows * chance * (1 - chance)) @ outer).reshape(len(rows), *2 * design.shape[1:])
            good = np.abs(np.linalg.det(hessian)) > 0
            step = np.full_like(found, np.nan)
            step[good] = np.linalg.solve(hessian[good], gradient[good][..., None])[..., 0]
            found = found + step
            if not (np.abs(step) > NEWTON_TOLERANCE).any():
                break
    return np.where((np.abs(step) <= NEWTON_TOLERANCE).all(axis=1, keepdims=True), found, np.nan)


def divide(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """NaN where there is nothing to divide by."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(bottom > 0, top / bottom, np.nan)
