"""Metrics of one cause for many resamples at once: `counts` (R, N) say how often each row was drawn in each."""

import numpy as np

from components.kits.survival.metrics.censoring import Censoring
from components.kits.survival.metrics.over_counts import PAIRS, TIED, divide
from components.recipes.competing_risks.metrics.rows import Outcome


def c_index(
    outcome: Outcome, cause: int, score: np.ndarray, counts: np.ndarray, horizon: float, censoring: Censoring
) -> np.ndarray:
    """The share (R,) of pairs in which the one with an event of the cause by the horizon has the higher score (N,), of
    all pairs of such a one with somebody who had it later, or never, as another event came before.

    Each pair weighs one over the chance to see both so (Wolbers, Blanche, Koller, Witteman and Gerds, Concordance for
    prognostic models with competing risks, Biostatistics, 2014).
    """
    time, causes, entry = outcome
    ended, _ = censoring.weights(time, causes > 0, horizon, entry)
    others = np.where(causes == cause, 0.0, ended)
    first = np.flatnonzero((causes == cause) & (ended > 0))
    free = free_beyond(time[first], censoring)
    concordant, comparable = np.zeros((2, len(counts)))
    step = max(1, PAIRS // len(time))
    for start in range(0, len(first), step):
        block, weight = first[start : start + step], free[start : start + step]
        moment = time[block, None]
        later = (moment < time) | ((moment == time) & (causes == 0))
        if entry is not None:
            later &= entry < moment
        pairs = ended[block, None] * (later * weight[:, None] + (time <= moment) * others)
        ahead = score[block, None] - score
        won = np.where(np.abs(ahead) <= TIED, 0.5, ahead > 0) * pairs
        concordant += np.einsum("rn,rn->r", counts[:, block] @ won, counts)
        comparable += np.einsum("rn,rn->r", counts[:, block] @ pairs, counts)
    return divide(concordant, comparable)


def free_beyond(times: np.ndarray, censoring: Censoring) -> np.ndarray:
    """One over the chance (T,) to be seen free of any event beyond each of `times` (T,)."""
    if censoring.entered is None:
        seen = censoring.at(times)
    else:
        seen = np.array([censoring.entered.seen_beyond(float(moment)) for moment in times])
    return np.divide(1.0, seen, out=np.zeros(len(times)), where=seen > 0)
