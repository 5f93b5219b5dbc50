"""Whether items that a user has seen are recommended again, and when two events are one. No torch."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from components.recipes.next_item.encoding.histories import Histories

SECOND = 1_000_000  # in microseconds
RECOMMEND, EXCLUDE = "recommend", "exclude"


def recommends_seen(data: Mapping[str, Any]) -> bool:
    """Of `Meta.data`, or of the copy of it that a bundle has; those made before `prepare.repeats` was do not."""
    return bool(data.get("spec", {}).get("repeats") == RECOMMEND)


def first_clicks(user: np.ndarray, item: np.ndarray, moment: np.ndarray, within: int) -> np.ndarray:
    """Which events (E,) stay where those of a user and an item up to `within` seconds apart are one: the first of them.

    `moment` (E,) are microseconds, of which whole seconds are compared, as prepared events have these alone. Of events
    of one moment the earlier place stays.
    """
    second = moment // SECOND
    order = np.lexsort([moment, item, user])
    same = (np.diff(user[order]) == 0) & (np.diff(item[order]) == 0) & (np.diff(second[order]) <= within)
    kept = np.ones(len(second), bool)
    kept[order[1:][same]] = False
    return kept


def personal_popularity(histories: Histories, popularity: np.ndarray) -> np.ndarray:
    """Scores `(U, M)`: how often each user had an item; of equals the popular `(M,)`, as a share of 1, first."""
    items = len(popularity)
    key = histories.user * items + histories.item
    counts = np.bincount(key, minlength=(len(histories.start) - 1) * items).reshape(-1, items)
    scores: np.ndarray = counts + popularity / 2
    return scores
