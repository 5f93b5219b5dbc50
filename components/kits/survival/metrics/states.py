"""What metrics of a censored outcome are made of: rows as they rank, states at a horizon, many resamples at once."""

from collections.abc import Callable
from functools import partial

import numpy as np

from components.core.parts import Metric
from components.evaluation.bootstrap import Counted
from components.kits.survival.metrics.rows import checked_score, entered_outcome

Resampled = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
Rows = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]


def known_states(
    time: np.ndarray, event: np.ndarray, horizon: float, entry: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Who had the event by the horizon, and who was observed beyond it without: two (N,) of bool. Who entered later
    was not observed then.
    """
    beyond = time > horizon
    return event & (time <= horizon), beyond if entry is None else beyond & (entry <= horizon)


def threshold_at_specificity(target: np.ndarray, score: np.ndarray, horizon: float, specificity: float) -> float:
    """The lowest threshold on the risk by the last horizon with at least that specificity, halfway to the score below.

    NaN where nobody was observed beyond the horizon.
    """
    time, event, last, entry = ranked(target, score)
    return lowest_threshold(last, known_states(time, event, horizon, entry)[1], specificity)


def lowest_threshold(last: np.ndarray, without: np.ndarray, specificity: float) -> float:
    """The same of scores (N,) and of who is `without` the event (N,)."""
    if not without.any():
        return np.nan
    ordered = np.sort(last[without])
    allowed = int(np.floor((1 - specificity) * len(ordered) + 1e-9))  # so many without the event may be over it
    highest = ordered[len(ordered) - 1 - allowed]
    above = np.unique(last[last > highest])
    return float((highest + above[0]) / 2) if len(above) else float(np.nextafter(highest, np.inf))


def counted(name: str, plain: Metric, resampled: Resampled) -> Counted:
    found = Counted(plain, resampled)
    found.__name__ = name
    return found


def on_all_rows(resampled: Resampled) -> Metric:
    return partial(once, resampled)


def once(resampled: Resampled, target: np.ndarray, score: np.ndarray, /) -> float:
    return float(resampled(target, score, np.ones((1, len(target))))[0])


def ranked(target: np.ndarray, score: np.ndarray) -> Rows:
    """Years, events, the score (N,) of the last horizon, and the years until entry where there are any."""
    time, event, entry = entered_outcome(target)
    score = checked_score(score, len(time))
    return time, event, score if score.ndim == 1 else score[:, -1], entry


def curves_of(target: np.ndarray, score: np.ndarray, horizons: int) -> Rows:
    """Years, events, risks (N, at least `horizons`), and the years until entry where there are any."""
    time, event, entry = entered_outcome(target)
    score = checked_score(score, len(time))
    if score.ndim != 2 or score.shape[1] < horizons:
        raise ValueError(f"score {score.shape}: {horizons} horizon(s) are asked for")
    return time, event, score, entry
