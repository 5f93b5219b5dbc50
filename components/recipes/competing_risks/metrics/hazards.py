"""From the hazards of several causes to the incidence of each, and back.

`cumulative` (..., K, T) are cause-specific cumulative hazards at rising times (T,), from 0 at time 0; each hazard is
constant between two of the times. Who has had an event of one cause can have none of another any more (Prentice et al.,
The analysis of failure times in the presence of competing risks, Biometrics, 1978).
"""

import numpy as np

MOST_ENDED = 1 - 1e-9  # keeps the hazard of those who are left finite


def incidences(cumulative: np.ndarray) -> np.ndarray:
    """The share that has had an event of each cause by each time: (..., K, T)."""
    added = np.diff(cumulative, axis=-1, prepend=0.0)
    total = added.sum(axis=-2, keepdims=True)
    before = np.exp(-(np.cumsum(total, axis=-1) - total))
    share = np.divide(added, total, out=np.zeros_like(added), where=total > 0)
    found: np.ndarray = np.cumsum(before * -np.expm1(-total) * share, axis=-1)
    return found


def free_of_all(cumulative: np.ndarray) -> np.ndarray:
    """The share without any event (..., T)."""
    found: np.ndarray = np.exp(-cumulative.sum(axis=-2))
    return found


def hazards_of(incidence: np.ndarray) -> np.ndarray:
    """The cumulative hazards (..., K, T) that have these incidences."""
    ended = np.diff(incidence, axis=-1, prepend=0.0)
    all_ended = ended.sum(axis=-2, keepdims=True)
    free = 1 - np.minimum(np.cumsum(all_ended, axis=-1), MOST_ENDED)
    before = np.concatenate([np.ones_like(free[..., :1]), free[..., :-1]], axis=-1)
    share = np.divide(ended, all_ended, out=np.zeros_like(ended), where=all_ended > 0)
    found: np.ndarray = np.cumsum(np.log(before / free) * share, axis=-1)
    return found
