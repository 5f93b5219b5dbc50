"""What every function on times with several causes asks of its rows.

A target (N, 2) holds the time under observation and how it ended: 0 where nothing had happened by then (censored),
1 to K for the causes in the order of the block. Where people came under observation after time zero, a target (N, 3)
has the time until they did, too. A score (N, K * H) has the cumulative incidence of the first cause by each of H
horizons, then those of the second cause, and so on.
"""

import numpy as np

from components.core.errors import CasebookError
from components.kits.survival.metrics.censoring import Censoring
from components.kits.survival.metrics.rows import checked_score, entered_outcome

Outcome = tuple[np.ndarray, np.ndarray, np.ndarray | None]


def any_event(target: np.ndarray) -> np.ndarray:
    """The target with 1 for an event of whatever cause: that of a cohort with one kind of event."""
    found = np.array(target, dtype=np.float64)
    found[:, 1] = found[:, 1] > 0
    return found


def event_of(target: np.ndarray, cause: int) -> np.ndarray:
    """The target with 1 for events of one cause; whoever had another one is as if censored then: for hazards alone."""
    found = np.array(target, dtype=np.float64)
    found[:, 1] = found[:, 1] == cause
    return found


def caused_outcome(target: np.ndarray) -> Outcome:
    """Times (N,), causes (N,) of int, and the times until entry (N,), or None where all are there from time zero on.

    Raises:
        CasebookError: another shape, no rows, a time that is none, a cause that is no whole number from 0 on.
    """
    target = np.asarray(target, dtype=np.float64)
    if target.ndim == 2 and target.shape[1] in (2, 3):
        cause = target[:, 1]
        if len(wrong := np.flatnonzero(~((cause >= 0) & (cause == np.floor(cause))))):
            raise CasebookError(
                f"cause: {len(wrong)} of {len(cause)} rows are not 0 (censored), 1, 2, ..., such as {cause[wrong[0]]}"
            )
        target = any_event(target)
        time, _, entry = entered_outcome(target)
        return time, cause.astype(np.int64), entry
    return entered_outcome(target)


def checked_incidences(score: np.ndarray, rows: int, causes: int, horizons: int) -> np.ndarray:
    """A score (N, K * H) as (N, K, H).

    Raises:
        CasebookError: another length, or a score that is not finite.
    """
    score = checked_score(score, rows)
    if score.ndim != 2 or score.shape[1] != causes * horizons:
        raise CasebookError(f"score {score.shape}: {causes} cause(s) by {horizons} horizon(s) are asked for")
    return score.reshape(rows, causes, horizons)


def censoring_of(target: np.ndarray) -> Censoring:
    """How long rows are observed: an event of any cause is the end of what could have been censored."""
    return Censoring.of(any_event(target))


def weights_of(outcome: Outcome, cause: int, horizon: float, censoring: Censoring) -> tuple[np.ndarray, np.ndarray]:
    """Of each row (N,) as one with an event of the cause by the horizon, and as one without: free of any event then,
    or with another one before, which this cause can no longer follow.
    """
    time, causes, entry = outcome
    ended, free = censoring.weights(time, causes > 0, horizon, entry)
    return np.where(causes == cause, ended, 0.0), free + np.where(causes == cause, 0.0, ended)
