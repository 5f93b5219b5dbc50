"""Which of several answers to the same rows are surely better, and whether a blend of them is."""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np


def beats(losses: np.ndarray, others: np.ndarray) -> bool:
    """Whether losses (N,) are lower on average than others of the same rows by more than the difference's standard
    error.
    """
    gain = others - losses
    return bool(gain.mean() > gain.std(ddof=1) / np.sqrt(len(gain)))


def blend_or_best(
    target: np.ndarray,
    scores: np.ndarray,
    weigh: Callable[[np.ndarray, np.ndarray], np.ndarray],
    parts: Sequence[tuple[np.ndarray, np.ndarray]],
    *,
    mix: Callable[[np.ndarray, np.ndarray], np.ndarray],
    losses: Callable[[np.ndarray, np.ndarray], np.ndarray],
    in_doubt: Literal["blend", "best"],
) -> np.ndarray:
    """What `weigh` makes of a target (N,) and scores (N, ..., M), or all weight on the best member: where that has
    lower losses than the blend by more than the difference's error. Where the `best` is taken in doubt, it is the blend
    that has to have lower losses by as much.

    `parts` are folds: the places that weights are found on, and those that they are held against. `mix` makes one
    answer of scores and weights (M,), `losses` are those of rows.
    """
    members = scores.shape[-1]
    alone = np.column_stack([losses(target, scores[..., member]) for member in range(members)])
    best = int(np.argmin(alone.mean(axis=0)))
    blended = np.empty(scores.shape[:-1])
    for fitting, rest in parts:
        blended[rest] = mix(scores[rest], weigh(target[fitting], scores[fitting]))
    lost, least = losses(target, blended), alone[:, best]
    if not beats(least, lost) if in_doubt == "blend" else beats(lost, least):
        return weigh(target, scores)
    return np.eye(members)[best]


def without_least(weights: np.ndarray, least: float) -> np.ndarray:
    """Weights (M,) in which a member of less than `least` has none."""
    kept = np.where(weights < least, 0.0, weights)
    kept /= kept.sum()
    return kept
