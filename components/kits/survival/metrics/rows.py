"""What every function on censored outcomes asks of its rows.

A target (N, 2) holds the years under observation and 1 where they ended with the event, 0 where the
patient was only observed that long (censored). Where people came under observation after time zero, a target (N, 3)
has the years until they did, too. A score is a risk, higher is sooner.
"""

import numpy as np

from components.core.errors import CasebookError

SMALLEST_HAZARD = 1e-12  # keeps logarithms of hazards finite
SMALLEST_PROBABILITY = 1e-12  # keeps log-odds finite


def checked_outcome(target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Years (N,) and events (N,) of bool.

    Raises:
        CasebookError: another shape, no rows, a time that is negative or not finite, an event
            other than 0 and 1.
    """
    target = np.asarray(target, dtype=np.float64)
    if target.ndim != 2 or target.shape[1] != 2 or len(target) == 0:
        raise CasebookError(f"target {target.shape}: give a time and an event for each row, at least one")
    time, event = target.T
    if len(wrong := np.flatnonzero(~(np.isfinite(time) & (time >= 0)))):
        raise CasebookError(f"time: {len(wrong)} of {len(time)} rows are no time, such as {time[wrong[0]]}")
    if len(wrong := np.flatnonzero((event != 0) & (event != 1))):
        raise CasebookError(f"event: {len(wrong)} of {len(event)} rows are not 0 or 1, such as {event[wrong[0]]}")
    return time, event == 1


def entered_outcome(target: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Years (N,), events (N,) of bool, and of a target (N, 3) the years until entry (N,), or else None.

    Raises:
        CasebookError: as `checked_outcome`; or somebody entered before time zero, or not before observation ended.
    """
    target = np.asarray(target, dtype=np.float64)
    if target.ndim != 2 or target.shape[1] != 3:
        return (*checked_outcome(target), None)
    time, event = checked_outcome(target[:, :2])
    entry = target[:, 2]
    if len(wrong := np.flatnonzero(~((entry >= 0) & (entry < time)))):
        raise CasebookError(
            f"entry: {len(wrong)} of {len(time)} rows did not enter between time zero and the end of observation, "
            f"such as {entry[wrong[0]]:g} before {time[wrong[0]]:g}"
        )
    return time, event, entry


def checked_score(score: np.ndarray, rows: int) -> np.ndarray:
    """Float64, `rows` long, of any further shape.

    Raises:
        CasebookError: another length, or a score that is not finite.
    """
    score = np.asarray(score, dtype=np.float64)
    if score.ndim == 0 or len(score) != rows:
        raise CasebookError(f"score {score.shape}: give one for each of the {rows} rows")
    if len(wrong := np.flatnonzero(~np.isfinite(score).reshape(rows, -1).all(axis=1))):
        raise CasebookError(
            f"score: {len(wrong)} of {rows} rows are not finite, first row {wrong[0]}; "
            "the model that gave them did not train"
        )
    return score


def log_odds(risk: np.ndarray) -> np.ndarray:
    """log(p / (1 - p)), with p kept `SMALLEST_PROBABILITY` away from 0 and 1."""
    kept = np.clip(risk, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return np.log(kept) - np.log1p(-kept)
