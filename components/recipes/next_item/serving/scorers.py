"""The members of a blend: a sequence network, and sparse tables from item to item."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Literal, Protocol

import numpy as np
import pyarrow.parquet as pq
from scipy import sparse

from components.core.blocks import Block, read_block
from components.core.bundle import Bundle
from components.core.errors import CasebookError
from components.recipes.next_item.encoding.catalogue import Catalogue
from components.recipes.next_item.encoding.tokens import Tokenizer, Windows, last_windows
from components.recipes.next_item.encoding.weights import history_weights
from components.recipes.next_item.params.recency import RecencyParams
from components.recipes.next_item.params.tokens import TokenParams
from components.recipes.next_item.serving.asked import Asked
from components.recipes.next_item.serving.vectors import read_vectors

VECTORS = "item_vectors.parquet"
ROWS = 64  # of a batch of the network: larger ones leave the processor's cache
SMALLEST_DEVIATION = 1e-9  # of a deviation: who scores all items alike says nothing, and is not divided by 0
DENSE = 0.1  # share of a table's cells from which it is quicker held whole

Link = Literal["identity", "softmax"]


class Member(Block):
    """A model of the blend; `weight` is that of its standardized scores.

    `file` names a graph (sequence) or a Parquet table `row, column, value` (neighbours), without its
    suffix. `link` says what is standardized: the scores, or their softmax over the catalogue.
    `recency` is how events of a history count for neighbours, null for a sequence.
    """

    name: str
    kind: Literal["sequence", "neighbours"]
    file: str
    weight: float
    link: Link
    recency: RecencyParams | None


class Scorer(Protocol):
    def scores(self, asked: Asked) -> np.ndarray:
        """`(N, M)` float32 over the whole catalogue."""


class SequenceScorer:
    """`query @ vectors.T + bias`, the query from the ONNX graph over a user's last events."""

    def __init__(self, bundle: Bundle, member: Member, data: Mapping[str, Any], catalogue: Catalogue) -> None:
        self.bundle, self.file, self.link = bundle, member.file, member.link
        self.catalogue = catalogue
        self.tokenizer = Tokenizer.of(read_block(TokenParams, data["tokens"], "interactions.tokens"), dict(data))
        self.window: int = data["window"]
        self.vectors, self.bias = read_vectors(bundle.path(VECTORS))

    def scores(self, asked: Asked) -> np.ndarray:
        logits = self.queries(asked) @ self.vectors.T
        logits += self.bias
        if self.link == "identity":
            return logits
        chances = linked(logits, self.link, logits.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        return chances

    def queries(self, asked: Asked) -> np.ndarray:
        """`(N, d)`; of users without events what the network says to nothing."""
        found = np.empty((len(asked.ids), self.vectors.shape[1]), np.float32)
        session = self.bundle.session(self.file)
        for rows, feed in self.batches(asked):
            found[rows] = session.run(["query"], feed)[0]
        return found

    def batches(self, asked: Asked) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
        """Rows of `asked` and what the graph is fed for them; histories of like lengths go together."""
        windows = last_windows(asked.histories, self.tokenizer, self.window)
        lengths = windows.valid.sum(axis=1)
        order = np.argsort(lengths, kind="stable")
        for start in range(0, len(order), ROWS):
            rows = order[start : start + ROWS]
            yield rows, self._feed(windows, rows, self._codes(asked, rows), max(1, int(lengths[rows].max())))

    def _codes(self, asked: Asked, rows: np.ndarray) -> np.ndarray:
        """Of the features of some users, 0 where nothing is known."""
        if asked.codes is not None:
            return asked.codes[rows].astype(np.int64)
        users, codes = asked.users[rows], self.catalogue.user_codes
        known = np.where(users[:, None] >= 0, codes[users], 0) if len(codes) else np.zeros((len(rows), codes.shape[1]))
        return known.astype(np.int64)

    def _feed(self, windows: Windows, rows: np.ndarray, codes: np.ndarray, length: int) -> dict[str, np.ndarray]:
        """For some rows, cut to the last `length` places. An input that the graph lost is left out."""
        item, valid = windows.item[rows, -length:], windows.valid[rows, -length:]
        whole = {
            "vectors": self.vectors[np.maximum(item, 0)] * valid[..., None],
            "features": windows.features[rows, -length:],
            "times": windows.times[rows, -length:],
            "user": codes,
            "valid": valid,
        }
        return {name: values for name, values in whole.items() if name in self._inputs}

    @cached_property
    def _inputs(self) -> set[str]:
        return {put.name for put in self.bundle.session(self.file).get_inputs()}


class NeighbourScorer:
    """The weights of a history's items times a table from item to item."""

    def __init__(self, bundle: Bundle, member: Member, data: Mapping[str, Any], catalogue: Catalogue) -> None:  # noqa: ARG002 - as the others
        if member.recency is None:
            raise CasebookError(f"{bundle.folder}: member {member.name!r} has no recency; make the bundle again")
        self.recency = member.recency
        self.items = len(catalogue.item_ids)
        table = pq.read_table(bundle.path(f"{member.file}.parquet"))
        row, column, value = (table[name].to_numpy() for name in ("row", "column", "value"))
        self.matrix = sparse.csr_array((value, (row, column)), shape=(self.items, self.items))

    def scores(self, asked: Asked) -> np.ndarray:
        found: np.ndarray = self.weights(asked) @ self._held
        return found if isinstance(found, np.ndarray) else found.toarray()

    def sparse_scores(self, asked: Asked) -> sparse.csr_array:
        """`(N, M)` with what is not stored 0: only items near the history are touched."""
        found = sparse.csr_array(self.weights(asked) @ self.matrix)
        found.sum_duplicates()
        return found

    def deviation(self, asked: Asked) -> np.ndarray:
        """The standard deviation (N,) of each user's scores over the catalogue."""
        found = self.sparse_scores(asked)
        mean, square = (np.asarray(one.sum(axis=1)).ravel() / self.items for one in (found, found.multiply(found)))
        deviation: np.ndarray = np.sqrt(np.maximum(square - mean**2, 0))
        return deviation

    def values(self, row: np.ndarray, column: np.ndarray) -> np.ndarray:
        """The table's entries at some places, in their shape."""
        found: np.ndarray = np.asarray(self._held[row.ravel(), column.ravel()]).reshape(row.shape)
        return found

    def weights(self, asked: Asked) -> sparse.csr_array:
        """`(N, M)`: how much each item of a history counts."""
        return history_weights(asked.histories, self.recency, self.items).astype(np.float32)

    @cached_property
    def _held(self) -> "np.ndarray | sparse.csr_array":
        crowded = self.matrix.nnz > DENSE * self.items**2
        return self.matrix.toarray() if crowded else self.matrix


SCORERS: dict[str, Callable[[Bundle, Member, Mapping[str, Any], Catalogue], Scorer]] = {
    "sequence": SequenceScorer,
    "neighbours": NeighbourScorer,
}


def linked(logits: np.ndarray, link: Link, largest: np.ndarray) -> np.ndarray:
    """The scores that are standardized; of a softmax up to a factor, which standardizing takes out."""
    return np.exp(logits - largest) if link == "softmax" else logits


def standardized(scores: np.ndarray) -> np.ndarray:
    """Distance of each score `(N, M)` from its row's mean, in standard deviations."""
    centred = scores - scores.mean(axis=1, keepdims=True)
    deviation = np.sqrt(np.square(centred).mean(axis=1, keepdims=True))
    result: np.ndarray = centred / (deviation + SMALLEST_DEVIATION)
    return result
