"""What a recommender does to the catalogue and to tastes, whether or not it finds the item asked for.

`recommended` (N, k) holds item indices, best first; `counts` (M,) how often each item of the
catalogue occurs in training. Functions of single lists return a value (N,) a user, NaN where a list
or a history does not define it.
"""

import numpy as np
from scipy.special import rel_entr

from components.core.errors import CasebookError
from components.recipes.next_item.metrics.sets import NOTHING, Sets, checked_lists


def coverage(recommended: np.ndarray, *, items: int) -> float:
    """The share of the catalogue that is recommended to anybody (Ge et al., RecSys 2010)."""
    return float(np.mean(exposure(recommended, items=items) > 0))


def exposure(recommended: np.ndarray, *, items: int) -> np.ndarray:
    """How many users (M,) each item is recommended to."""
    recommended = checked_lists(recommended, items)
    return np.bincount(recommended[recommended != NOTHING], minlength=items)


def gini(exposed: np.ndarray) -> float:
    """Inequality of exposure (M,): 0 where all items have the same, 1 - 1/M where one has all; NaN with none.

    sum_i (2i - M - 1) x_i / (M sum x), x rising, i from 1.
    """
    exposed = np.sort(np.asarray(exposed, dtype=np.float64))
    size, total = len(exposed), exposed.sum()
    if total == 0:
        return np.nan
    return float((2 * np.arange(1, size + 1) - size - 1) @ exposed / (size * total))


def novelty(recommended: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Mean self-information -log2 p(item) of each list, in bits (Zhou et al., PNAS 2010).

    p is an item's share of the training events, one event added to each: an item without any is
    novel, not infinitely so.
    """
    counts = np.asarray(counts, dtype=np.float64)
    return _mean_of(recommended, -np.log2((counts + 1) / (counts + 1).sum()))


def popularity(recommended: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Mean training count of each list's items; its mean over users is the ARP (Yin et al., VLDB 2012)."""
    return _mean_of(recommended, np.asarray(counts, dtype=np.float64))


def history_popularity(history: Sets, counts: np.ndarray) -> np.ndarray:
    """Mean training count of the items in each user's history.

    Popularity bias is the users' mean of `popularity` over their mean of this (Abdollahpouri et al.,
    2020, who subtract 1): above 1, users are shown more popular items than they choose.
    """
    counts = np.asarray(counts, dtype=np.float64)
    _check_catalogue(history, len(counts))
    sums = np.bincount(history.user, weights=counts[history.item], minlength=len(history))
    return _ratio(sums, np.diff(history.start))


def miscalibration(recommended: np.ndarray, history: Sets, genres: np.ndarray, *, alpha: float) -> np.ndarray:
    """KL(p || q~) in nats between the genres of each user's history, p, and of their list, q; 0 is calibrated.

    `genres` (M, G) of 0 and 1: an item's genres share it equally, one without any takes no part.
    q~ = (1 - alpha) q + alpha p keeps it finite, at most log(1 / alpha), which a list without genres has.
    Steck, Calibrated recommendations (RecSys 2018), with alpha 0.01. NaN for a user whose history has no genre.

    Raises:
        CasebookError: alpha is not within (0, 1), or shapes do not fit.
    """
    genres = np.asarray(genres, dtype=np.float64)
    if not 0 < alpha < 1:
        raise CasebookError(f"calibration by genre: alpha {alpha} must lie between 0 and 1")
    recommended = checked_lists(recommended, len(genres))
    _check_catalogue(history, len(genres))
    shares = genres / np.maximum(genres.sum(axis=1, keepdims=True), 1)
    chosen = _genre_sums(history.user, history.item, shares, len(history))
    user, place = np.nonzero(recommended != NOTHING)
    shown = _genre_sums(user, recommended[user, place], shares, len(recommended))
    p, q = (_ratio(part, part.sum(axis=1, keepdims=True)) for part in (chosen, shown))
    mixed = (1 - alpha) * np.nan_to_num(q) + alpha * p
    return rel_entr(p, mixed).sum(axis=1)


def _mean_of(recommended: np.ndarray, value: np.ndarray) -> np.ndarray:
    """The mean (N,) of `value` (M,) over each list's items."""
    recommended = checked_lists(recommended, len(value))
    filled = recommended != NOTHING
    return _ratio(np.where(filled, value[recommended], 0.0).sum(axis=1), filled.sum(axis=1))


def _genre_sums(user: np.ndarray, item: np.ndarray, shares: np.ndarray, users: int) -> np.ndarray:
    """The sum (N, G) of genre shares over each user's items, a genre at a time: no (E, G) array is made."""
    columns = [np.bincount(user, weights=share[item], minlength=users) for share in shares.T]
    return np.stack(columns, axis=1) if columns else np.zeros((users, 0))


def _ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """NaN where there is nothing to divide by."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(bottom > 0, top / bottom, np.nan)


def _check_catalogue(history: Sets, items: int) -> None:
    if len(history.item) and (largest := int(np.max(history.item))) >= items:
        raise CasebookError(f"history: index {largest} in a catalogue of {items} items")
