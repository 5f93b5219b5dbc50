"""The tables from item to item for a user at a time: making a sparse matrix by way of pairs costs more than its use."""

from collections.abc import Callable

import numpy as np
from scipy.sparse import csr_array

from components.recipes.next_item.serving.asked import Asked
from components.recipes.next_item.serving.scorers import SCORERS, NeighbourScorer, Scorer


class QuickNeighbours(NeighbourScorer):
    """The same scores to the last bit."""

    def weights(self, asked: Asked) -> csr_array:
        """`(N, M)`, made in the form in which it is used; `history_weights` says what they are."""
        recency = self.recency
        histories = asked.histories if recency.last is None else asked.histories.last(recency.last)
        lengths, events = histories.lengths, len(histories.item)
        newest = (histories.start[1:] - 1).repeat(lengths)
        weight = np.exp(-(newest - np.arange(events)) / recency.events)
        if recency.seconds is not None:
            weight *= np.exp(-(histories.time[newest] - histories.time) / recency.seconds) + recency.floor
        users = len(lengths)
        key = np.arange(users).repeat(lengths) * self.items + histories.item
        different, place = np.unique(key[::-1], return_index=True)  # of an item that was had twice the later event
        user, item = np.divmod(different, self.items)
        ends = np.concatenate([[0], np.bincount(user, minlength=users).cumsum()]).astype(np.int32)
        cells = weight[events - 1 - place].astype(np.float32)
        return csr_array((cells, item.astype(np.int32), ends), shape=(users, self.items))


QUICK: dict[str, Callable[..., Scorer]] = {**SCORERS, "neighbours": QuickNeighbours}
