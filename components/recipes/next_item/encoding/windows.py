"""Windows that histories are cut into, and which of their events have no order. No torch."""

import numpy as np

from components.recipes.next_item.encoding.histories import Histories


def find_ties(histories: Histories) -> tuple[np.ndarray, np.ndarray]:
    """The events (K,) that share their user and second with another, and the number (K,) of that second."""
    same = (np.diff(histories.time) == 0) & (np.diff(histories.user) == 0)
    second = np.concatenate([[0], np.cumsum(~same)])[: len(histories.item)]
    tied = np.flatnonzero(np.append(same, False) | np.insert(same, 0, False)) if len(second) else second
    return tied, second[tied]


def cut_windows(start: np.ndarray, window: int, generator: np.random.Generator) -> tuple[np.ndarray, ...]:
    """User, begin and end (K,) of windows of at most `window` events that cover all but each user's last one.

    A longer history is cut at a random offset, and every `window` events from there; a rest of one
    event is left out.
    """
    asked = np.maximum(np.diff(start) - 1, 0)
    long = asked > window
    # Drawn for all users, so that a draw does not depend on the others' lengths.
    offset = np.where(long, generator.integers(1, max(2, window), len(asked)), asked)
    count = np.where(long, 1 + -(-(asked - offset) // window), asked > 0)
    users = np.repeat(np.arange(len(asked)), count)
    place = np.arange(len(users)) - np.repeat(np.cumsum(count) - count, count)
    begin = np.where(place > 0, offset[users] + (place - 1) * window, 0)
    end = np.minimum(offset[users] + place * window, asked[users])
    kept = (end - begin > 1) | ~long[users]
    return users[kept], start[users[kept]] + begin[kept], start[users[kept]] + end[kept]
