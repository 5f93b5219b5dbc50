"""Why an item is answered: the event of the history that speaks most for it, by the tables from item to item."""

from collections.abc import Sequence

import numpy as np

from components.recipes.next_item.serving.asked import Asked, select
from components.recipes.next_item.serving.scorers import SMALLEST_DEVIATION, Member, NeighbourScorer, Scorer

CELLS = 4_000_000  # of a history's events times the answered items, held at a time
NONE = -1


def because(members: Sequence[tuple[Member, Scorer]], asked: Asked, items: np.ndarray) -> np.ndarray:
    """Of each answered item (N, K) the item of the user's history that adds most to its score, `NONE` where none does.

    A sequence network does not say what each event adds; the neighbour tables do, each in proportion to its part of
    the blend, or alike where none has a part.
    """
    tables = [(member.weight, scorer) for member, scorer in members if isinstance(scorer, NeighbourScorer)]
    if not any(weight for weight, _ in tables):
        tables = [(1.0, scorer) for _, scorer in tables]
    found = np.full(items.shape, NONE, np.int64)
    if tables:
        count = tables[0][1].items
        for part in _blocks(asked, items.shape[1]):
            found[part] = _because(tables, count, select(asked, part), items[part])
    return found


def _because(
    tables: Sequence[tuple[float, NeighbourScorer]], count: int, asked: Asked, items: np.ndarray
) -> np.ndarray:
    histories = asked.histories
    user, event = np.divmod(np.unique(histories.user * np.int64(count) + histories.item), count)
    shown = np.maximum(items[user], 0)
    added = np.zeros(shown.shape, np.float32)
    for weight, scorer in tables:
        scale = weight / (scorer.deviation(asked) + SMALLEST_DEVIATION)
        of_event = np.asarray(scorer.weights(asked)[user, event]).ravel() * scale[user]
        added += of_event[:, None] * scorer.values(np.broadcast_to(event[:, None], shown.shape), shown)
    found = np.full(items.shape, NONE, np.int64)
    bounds = np.searchsorted(user, np.arange(len(items) + 1))
    for row in np.flatnonzero(np.diff(bounds)):
        own = added[bounds[row] : bounds[row + 1]]
        best = own.argmax(axis=0)
        speaks = (own.max(axis=0) > 0) & (items[row] >= 0)
        found[row, speaks] = event[bounds[row] + best[speaks]]
    return found


def _blocks(asked: Asked, places: int) -> list[np.ndarray]:
    """Users in their order, so that no block holds many cells; one user at a time if one has more."""
    ends = np.cumsum(asked.histories.lengths * max(1, places)) // CELLS
    return np.split(np.arange(len(asked.ids)), np.flatnonzero(np.diff(ends)) + 1)
