"""The exact k best of each row, with memory bounded by working in blocks of users."""

from collections.abc import Iterator

import numpy as np

CELLS = 4_000_000  # scores held at a time: 16 MB in float32, some fifty in the steps between

NO_ITEM = -1


def user_blocks(users: int, items: int) -> Iterator[slice]:
    """Slices of users whose scores over `items` are at most `CELLS`; one user at a time if one has more."""
    size = max(1, CELLS // max(1, items))
    for start in range(0, users, size):
        yield slice(start, min(start + size, users))


def top_k(scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k largest of each row of `scores (B, M)`, best first: columns `(B, k)` int64 and scores `(B, k)`.

    Equal scores stand in the order of their columns, also where the k-th place is shared. A score of
    minus infinity is no candidate: a row with fewer than k others ends with column -1 and -inf.
    """
    rows, items = scores.shape
    taken = min(k, items)
    if rows == 0 or taken == 0:
        return np.full((rows, k), NO_ITEM, np.int64), np.full((rows, k), -np.inf, scores.dtype)
    least = np.partition(scores, items - taken, axis=1)[:, items - taken]
    row, column = np.nonzero((scores >= least[:, None]) & (scores > -np.inf))
    found = scores[row, column]
    order = np.lexsort((column, -found, row))
    row, column, found = row[order], column[order], found[order]
    place = np.arange(len(row)) - np.searchsorted(row, np.arange(rows))[row]
    kept = place < k
    best = np.full((rows, k), NO_ITEM, np.int64)
    value = np.full((rows, k), -np.inf, scores.dtype)
    best[row[kept], place[kept]] = column[kept]
    value[row[kept], place[kept]] = found[kept]
    return best, value
