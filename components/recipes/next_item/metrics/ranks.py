"""From scores of the whole catalogue to the rank of the item asked for, and to the best items.

An item that the user has seen is no candidate, as no answer holds it: where it is asked for it has no rank.
"""

from collections.abc import Iterator

import numpy as np

from components.core.errors import CasebookError
from components.recipes.next_item.metrics.sets import NOTHING, Sets

ENTRIES = 4_000_000  # of the scores compared at once


def ranks(scores: np.ndarray, target: np.ndarray, seen: Sets) -> np.ndarray:
    """The rank (N,), from 1, of each user's target among the M items less those seen: 1 + greater + equal.

    A target that was seen has the rank infinity. `scores` (N, M), higher is better; `target` (N,) item indices. Every
    candidate with the target's own score stands before it, so a constant scorer earns the last rank, and no credit by
    the order of ids. Scores are compared as they are, without a tolerance. Minus infinity rules an item out: it ranks
    last, among others ruled out by the same rule.

    Raises:
        CasebookError: shapes that do not fit, an index outside the catalogue, or a score that is NaN.
    """
    scores, target = _checked(scores, seen), np.asarray(target)
    users, items = scores.shape
    if target.shape != (users,) or target.dtype.kind not in "iu" or target.min() < 0 or target.max() >= items:
        raise CasebookError(
            f"ranks: {target.dtype} targets {target.shape} for scores {scores.shape}; "
            f"give each user one item index from 0 to {items - 1}"
        )
    own = scores[np.arange(users), target]
    reached = np.concatenate([np.count_nonzero(scores[part] >= own[part, None], axis=1) for part in _parts(scores)])
    user, item = seen.distinct(items)
    not_asked = np.bincount(user, weights=scores[user, item] >= own[user], minlength=users)
    found = (reached - not_asked).astype(np.float64)
    found[user[item == target[user]]] = np.inf
    return found


def top_items(scores: np.ndarray, seen: Sets, *, places: int) -> np.ndarray:
    """The `places` best items (N, places) for each user, best first, of those not seen; of equals the lower index.

    `scores` (N, M). Items at minus infinity are never recommended; `NOTHING` fills up what is left.

    Raises:
        CasebookError: as for `ranks`, or `places` below 1.
    """
    scores = _checked(scores, seen)
    if places < 1:
        raise CasebookError(f"lists of items: {places} places; give at least 1")
    user, item = seen.distinct(scores.shape[1])
    found = np.full((len(scores), places), NOTHING)
    for part in _parts(scores):
        candidates = scores[part].astype(np.float64)
        inside = slice(*np.searchsorted(user, [part.start, part.stop]))
        candidates[user[inside] - part.start, item[inside]] = -np.inf
        found[part] = _best(candidates, places)
    return found


def _best(candidates: np.ndarray, places: int) -> np.ndarray:
    kth = max(candidates.shape[1] - places, 0)
    lowest = np.partition(candidates, kth, axis=1)[:, kth]
    row, item = np.nonzero((candidates >= lowest[:, None]) & (candidates > -np.inf))
    order = np.lexsort((item, -candidates[row, item], row))
    row, item = row[order], item[order]
    place = np.arange(len(row)) - np.searchsorted(row, row)
    found = np.full((len(candidates), places), NOTHING)
    kept = place < places
    found[row[kept], place[kept]] = item[kept]
    return found


def _checked(scores: np.ndarray, seen: Sets) -> np.ndarray:
    scores = np.asarray(scores)
    if scores.ndim != 2 or scores.size == 0 or len(seen) != len(scores):
        raise CasebookError(f"ranks: scores {scores.shape} and what {len(seen)} users have seen; give a row a user")
    for part in _parts(scores):
        if (wrong := np.isnan(scores[part])).any():
            row, item = np.argwhere(wrong)[0]
            raise CasebookError(
                f"ranks: {wrong.sum()} scores are NaN, the first is user {part.start + row}'s of item {item}; "
                "the model that gave them did not train"
            )
    return scores


def _parts(scores: np.ndarray) -> Iterator[slice]:
    step = max(1, ENTRIES // scores.shape[1])
    return (slice(start, min(start + step, len(scores))) for start in range(0, len(scores), step))
