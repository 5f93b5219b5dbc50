"""The simple methods that a sequence learner has to beat, and that may join it in the blend.

Each learns from histories and the items' counts `(M,)`, and scores every item for the user of each history.
"""

import numpy as np
from scipy import linalg
from scipy.sparse import csr_array, diags_array

from components.recipes.next_item.encoding.histories import Histories
from components.recipes.next_item.encoding.weights import history_weights
from components.recipes.next_item.params.recency import RecencyParams

Sparse = tuple[np.ndarray, np.ndarray, np.ndarray]  # rows, columns, values


class Popularity:
    """The same order for everybody."""

    def fit(self, histories: Histories, counts: np.ndarray) -> "Popularity":  # noqa: ARG002 - as the others
        self.counts = counts.astype(np.float64)
        return self

    def scores(self, histories: Histories) -> np.ndarray:
        """`(U, M)`."""
        return np.tile(self.counts, (len(histories.start) - 1, 1))


class RecencyEASE:
    """EASE (Steck, 2019, arXiv:1905.03375), asked with a history that fades by `recency`.

    Ridge regression of each item on all others in closed form: `B = I - P / diag(P)` for the inverse P of the
    co-occurrence matrix plus `ridge` on its diagonal. Only the `max_items` most popular items take part, since
    the inverse takes their number cubed in time and squared in memory.
    """

    def __init__(self, *, ridge: float, max_items: int, recency: RecencyParams) -> None:
        self.ridge = ridge
        self.max_items = max_items
        self.recency = recency

    def fit(self, histories: Histories, counts: np.ndarray) -> "RecencyEASE":
        self.items = np.sort(np.argsort(-counts, kind="stable")[: self.max_items])
        self.catalogue = len(counts)
        met = _met(histories, len(counts))[:, self.items]
        together = (met.T @ met).toarray()
        together[np.diag_indices_from(together)] += self.ridge
        inverse = linalg.inv(together, overwrite_a=True)
        self.weights = -inverse / np.diag(inverse)
        np.fill_diagonal(self.weights, 0)
        return self

    def scores(self, histories: Histories) -> np.ndarray:
        """`(U, M)`; items that took no part score 0."""
        asked = history_weights(histories, self.recency, self.catalogue)[:, self.items]
        scores = np.zeros((asked.shape[0], self.catalogue))
        scores[:, self.items] = asked @ self.weights
        return scores

    def sparse(self, neighbours: int) -> Sparse:
        """As `strongest`, of each item."""
        kept = min(neighbours, len(self.items))
        column = np.argpartition(-np.abs(self.weights), kept - 1, axis=1)[:, :kept]
        row = np.repeat(np.arange(len(self.items)), kept)
        values = self.weights[row, column.ravel()]
        shape = (self.catalogue, self.catalogue)
        matrix = csr_array((values, (self.items[row], self.items[column.ravel()])), shape=shape)
        return strongest(matrix, neighbours)


class Transitions:
    """Sequence-aware item-to-item neighbours: what followed an item, how soon and how closely.

    An item followed by another at most `window` events later adds `exp(-age / seconds) / lag ** lag_power` to
    their entry, and `reverse` of that to the opposite one. Rows are divided by their sum plus `shrinkage`,
    columns by `(count + prior) ** popularity_power`, so that what follows everything says less. Close to the sequential
    rules and neighbours of Ludewig & Jannach (2018, arXiv:1803.09587).
    """

    def __init__(
        self,
        *,
        window: int,
        seconds: float,
        lag_power: float,
        reverse: float,
        shrinkage: float,
        prior: float,
        popularity_power: float,
        recency: RecencyParams,
    ) -> None:
        self.window = window
        self.seconds = seconds
        self.lag_power = lag_power
        self.reverse = reverse
        self.shrinkage = shrinkage
        self.prior = prior
        self.popularity_power = popularity_power
        self.recency = recency

    def fit(self, histories: Histories, counts: np.ndarray) -> "Transitions":
        followed = self._followed(histories, len(counts))
        both = csr_array(followed + self.reverse * followed.T)
        share = diags_array(1 / (both.sum(axis=1) + self.shrinkage))
        rarity = diags_array(1.0 / (counts + self.prior) ** self.popularity_power)
        self.matrix = csr_array(share @ both @ rarity)
        return self

    def scores(self, histories: Histories) -> np.ndarray:
        """`(U, M)`."""
        scores: np.ndarray = (history_weights(histories, self.recency, self.matrix.shape[0]) @ self.matrix).toarray()
        return scores

    def sparse(self, neighbours: int) -> Sparse:
        """As `strongest`, of each item."""
        return strongest(self.matrix, neighbours)

    def _followed(self, histories: Histories, items: int) -> csr_array:
        total = csr_array((items, items))
        user = histories.user
        for lag in range(1, self.window + 1):  # summed lag by lag: all pairs at once would be `window` times the data
            same = user[:-lag] == user[lag:]
            age = (histories.time[lag:] - histories.time[:-lag])[same]
            weight = np.exp(-age / self.seconds) / lag**self.lag_power
            pair = histories.item[:-lag][same], histories.item[lag:][same]
            total = total + csr_array((weight, pair), shape=(items, items))
        return total


def _met(histories: Histories, items: int) -> csr_array:
    """`(U, M)` of ones."""
    shape = (len(histories.start) - 1, items)
    met = csr_array((np.ones(len(histories.item)), (histories.user, histories.item)), shape=shape)
    met.data[:] = 1
    return met


def strongest(matrix: csr_array, count: int) -> Sparse:
    """Row, column (int32) and value (float32) of each row's `count` entries of the greatest size, in their order.

    Of equal ones the lower column is kept.
    """
    entries = matrix.tocoo()
    row, column, value = entries.row, entries.col, entries.data
    order = np.lexsort([column, -np.abs(value), row])
    row, column, value = row[order], column[order], value[order]
    place = np.arange(len(row)) - np.searchsorted(row, row)
    kept = np.flatnonzero((place < count) & (value != 0))
    kept = kept[np.lexsort([column[kept], row[kept]])]
    return row[kept].astype(np.int32), column[kept].astype(np.int32), value[kept].astype(np.float32)
