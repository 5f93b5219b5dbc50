"""Coverage, novelty, popularity bias and calibration of one recommender, in one table."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from components.core.results import Interval
from components.evaluation.bootstrap import Resampling, counted, interval
from components.recipes.next_item.metrics import beyond
from components.recipes.next_item.metrics.sets import Sets


@dataclass(frozen=True)
class Figure:
    """A value with its interval over users. What is about the whole catalogue has none: resampled
    users repeat, so they always cover less of it than the users themselves.
    """

    value: float
    low: float | None
    high: float | None
    users: int


def beyond_accuracy(
    recommended: np.ndarray,
    history: Sets,
    counts: np.ndarray,
    genres: np.ndarray | None,
    *,
    alpha: float,
    resampling: Resampling,
) -> dict[str, Figure]:
    """`coverage`, `gini`, `novelty`, `arp`, `popularity_bias` and, with `genres`, `miscalibration`, for lists (N, k).

    `history` holds what the N users had chosen before, `counts` (M,) training events of each item,
    `genres` (M, G) of 0 and 1. Shares and means are those of `components.recipes.next_item.metrics.beyond`;
    users for whom a figure is not defined are left out of it and of its `users`, and a figure without users altogether.
    """
    items, users = len(counts), len(recommended)
    shown, chosen = beyond.popularity(recommended, counts), beyond.history_popularity(history, counts)
    mean = partial(_mean, resampling=resampling)
    found = {
        "coverage": Figure(beyond.coverage(recommended, items=items), None, None, users),
        "gini": Figure(beyond.gini(beyond.exposure(recommended, items=items)), None, None, users),
        "novelty": mean(beyond.novelty(recommended, counts)),
        "arp": mean(shown),
        "popularity_bias": mean(shown, over=chosen),
    }
    if genres is not None:
        found["miscalibration"] = mean(beyond.miscalibration(recommended, history, genres, alpha=alpha))
    return {name: figure for name, figure in found.items() if figure is not None and np.isfinite(figure.value)}


def _mean(value: np.ndarray, *, resampling: Resampling, over: np.ndarray | None = None) -> Figure | None:
    """The mean of `value` (N,), divided by the mean of `over` (N,) where given; None where no user defines it."""
    over = np.ones(len(value)) if over is None else over
    known = np.isfinite(value) & np.isfinite(over)
    if not known.any() or not over[known].any():
        return None
    found: Interval = interval(ratio_of_means, over[known], value[known], resampling=resampling)
    return Figure(found.value, found.low, found.high, int(known.sum()))


def _ratio_over_counts(target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> np.ndarray:
    bottom = counts @ target
    return np.divide(counts @ score, bottom, out=np.full(len(counts), np.nan), where=bottom > 0)


@counted(_ratio_over_counts)
def ratio_of_means(target: np.ndarray, score: np.ndarray, /) -> float:
    """Mean score over mean target, NaN where that is 0."""
    return float(_ratio_over_counts(target, score, np.ones((1, len(target))))[0])
