"""Metrics of recommended lists against any number of relevant items, each a value (N,) a user.

`recommended` (N, k) holds item indices, best first, and `relevant` each user's relevant items. Their
mean over users is the metric at cutoff k. A user with nothing relevant has NaN everywhere: no list
could have been right. Ours because the libraries that have them loop over users in Python.
"""

import numpy as np

from components.core.errors import CasebookError
from components.recipes.next_item.metrics.sets import NOTHING, Sets, checked_lists


def hit_rate(recommended: np.ndarray, relevant: Sets) -> np.ndarray:
    """1 where the list holds a relevant item."""
    found, known = _hits(recommended, relevant)
    return _defined(found.max(axis=1), known)


def recall(recommended: np.ndarray, relevant: Sets) -> np.ndarray:
    """The share of the relevant items that the list holds; below 1 where there are more than k."""
    found, known = _hits(recommended, relevant)
    return _defined(found.sum(axis=1) / np.maximum(known, 1), known)


def precision(recommended: np.ndarray, relevant: Sets) -> np.ndarray:
    """The share of the k places that hold a relevant item; an empty place holds none."""
    found, known = _hits(recommended, relevant)
    return _defined(found.mean(axis=1), known)


def reciprocal_rank(recommended: np.ndarray, relevant: Sets) -> np.ndarray:
    """1 / place of the first relevant item, 0 without one; its mean is the MRR."""
    found, known = _hits(recommended, relevant)
    return _defined((found / _places(found)).max(axis=1), known)


def average_precision(recommended: np.ndarray, relevant: Sets) -> np.ndarray:
    """The sum of precision at each relevant place, over the most it can be: min(relevant, k) terms of 1.

    Its mean is the MAP. A list of k relevant items has 1 however many more there are.
    """
    found, known = _hits(recommended, relevant)
    gained = (found * np.cumsum(found, axis=1) / _places(found)).sum(axis=1)
    return _defined(gained / np.clip(known, 1, found.shape[1]), known)


def ndcg(recommended: np.ndarray, relevant: Sets) -> np.ndarray:
    """The sum of 1 / log2(1 + place) over relevant places, over that of the best list possible.

    Järvelin and Kekäläinen, Cumulated gain-based evaluation of IR techniques (2002), gains of 0 and 1.
    """
    found, known = _hits(recommended, relevant)
    discount = 1 / np.log2(1 + _places(found))
    best = np.cumsum(discount)[np.clip(known, 1, found.shape[1]) - 1]
    return _defined((found * discount).sum(axis=1) / best, known)


def _hits(recommended: np.ndarray, relevant: Sets) -> tuple[np.ndarray, np.ndarray]:
    """Which places (N, k) hold a relevant item, and how many different relevant items (N,) there are."""
    recommended = np.asarray(recommended)
    items = 1 + max(int(part.max(initial=0)) for part in (recommended, np.asarray(relevant.item)))
    recommended = checked_lists(recommended, items)
    if len(recommended) != len(relevant):
        raise CasebookError(
            f"lists of {len(recommended)} users, relevant items of {len(relevant)}: give the same users"
        )
    user, item = relevant.distinct(items)
    keys = recommended + items * np.arange(len(recommended))[:, None]
    found = np.isin(keys, user * items + item) & (recommended != NOTHING)
    return found, np.bincount(user, minlength=len(relevant))


def _places(found: np.ndarray) -> np.ndarray:
    return np.arange(1, found.shape[1] + 1)


def _defined(value: np.ndarray, known: np.ndarray) -> np.ndarray:
    return np.where(known > 0, value, np.nan)
