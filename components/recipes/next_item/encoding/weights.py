"""Weights of a history's events where scores follow from a table from item to item. No torch."""

import numpy as np
from scipy.sparse import csr_array

from components.recipes.next_item.encoding.histories import Histories
from components.recipes.next_item.params.recency import RecencyParams


def history_weights(histories: Histories, params: RecencyParams, items: int) -> csr_array:
    """`(U, M)`: each user's weight of each item; of an item met twice the later event counts."""
    if params.last is not None:
        histories = histories.last(params.last)
    ends = np.repeat(histories.start[1:], histories.lengths)
    weight = np.exp(-(ends - 1 - np.arange(len(histories.item))) / params.events)
    if params.seconds is not None:
        age = histories.time[ends - 1] - histories.time
        weight *= np.exp(-age / params.seconds) + params.floor
    user = np.repeat(np.arange(len(histories.start) - 1), histories.lengths)
    key = user * items + histories.item
    # Looked for from the end, the first place at which a key stands is that of its last event.
    _, from_end = np.unique(key[::-1], return_index=True)
    last = len(key) - 1 - from_end
    shape = (len(histories.start) - 1, items)
    return csr_array((weight[last], (user[last], histories.item[last])), shape=shape)
