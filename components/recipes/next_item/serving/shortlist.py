"""The blend on a short list: what the index and the neighbours propose, scored exactly. For large catalogues."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from components.recipes.next_item.serving.asked import Asked, select
from components.recipes.next_item.serving.index import ItemIndex
from components.recipes.next_item.serving.scorers import (
    SMALLEST_DEVIATION,
    Member,
    NeighbourScorer,
    Scorer,
    SequenceScorer,
    linked,
)
from components.recipes.next_item.serving.topk import top_k

USERS = 256  # at a time


@dataclass(frozen=True)
class Shortlist:
    """Items and scores `(N, top)`; `short (N,)` says for whom fewer than `top` candidates were left."""

    items: np.ndarray
    scores: np.ndarray
    short: np.ndarray


def shortlist(
    scorers: Sequence[tuple[Member, Scorer]],
    index: ItemIndex,
    asked: Asked,
    *,
    top: int,
    barred: np.ndarray,
    exclude_seen: bool,
) -> Shortlist:
    """Candidates are the learner's best by the index and each neighbour member's best among the items near
    the history, which are all that such a member scores above nothing. Each is scored by all members.

    The standard deviation that the learner's scores are divided by is that of the candidates and of a
    fixed sample that stands for the rest; the neighbours' is exact.
    """
    parts = [np.arange(start, min(start + USERS, len(asked.ids))) for start in range(0, len(asked.ids), USERS)]
    found = [_shortlist(scorers, index, select(asked, part), top, barred, exclude_seen) for part in parts]
    items, scores = (np.concatenate([pair[place] for pair in found]) for place in (0, 1))
    return Shortlist(items, scores, np.any(items < 0, axis=1))


def _shortlist(
    scorers: Sequence[tuple[Member, Scorer]],
    index: ItemIndex,
    asked: Asked,
    top: int,
    barred: np.ndarray,
    exclude_seen: bool,
) -> tuple[np.ndarray, np.ndarray]:
    proposals = [(member.weight, _propose(scorer, index, asked)) for member, scorer in scorers]
    count = len(barred)
    keys = np.unique(np.concatenate([row * count + item for _, one in proposals for row, item in [one.pairs()]]))
    keys = keys[~barred[keys % count]]
    if exclude_seen:
        user = np.repeat(np.arange(len(asked.ids)), asked.histories.lengths)
        keys = np.setdiff1d(keys, user * count + asked.histories.item)
    row, item = np.divmod(keys, count)
    score = sum(weight * one.standardized(row, item) for weight, one in proposals)
    return _best_of_pairs(row, item, np.asarray(score, np.float32), len(asked.ids), top)


def _best_of_pairs(
    row: np.ndarray, item: np.ndarray, score: np.ndarray, rows: int, top: int
) -> tuple[np.ndarray, np.ndarray]:
    """`(rows, top)` items and scores from pairs sorted by row and item."""
    lengths = np.bincount(row, minlength=rows)
    place = np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    width = max(1, int(lengths.max(initial=0)))
    table = np.full((rows, width), -np.inf, np.float32)
    names = np.full((rows, width), -1, np.int64)
    table[row, place], names[row, place] = score, item
    column, best = top_k(table, top)
    items = np.where(column >= 0, np.take_along_axis(names, np.maximum(column, 0), axis=1), -1)
    return items, best


class _Indexed:
    """The learner's proposals."""

    def __init__(self, scorer: SequenceScorer, index: ItemIndex, asked: Asked) -> None:
        self.scorer = scorer
        self.query = scorer.queries(asked)
        self.found = index.search(self.query, index.settings.candidates)
        row, item = self.pairs()
        inside = np.full(self.found.shape, -np.inf, np.float32)
        inside[self.found >= 0] = self._logits(row, item)
        outside = self.query @ scorer.vectors[index.sample].T + scorer.bias[index.sample]
        place = index.place_in_sample[item]
        outside[row[place >= 0], place[place >= 0]] = -np.inf
        self.largest = np.maximum(inside.max(axis=1), outside.max(axis=1))
        self.mean, self.deviation = self._moments(inside, outside)

    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        row, place = np.nonzero(self.found >= 0)
        return row, self.found[row, place]

    def standardized(self, row: np.ndarray, item: np.ndarray) -> np.ndarray:
        values = linked(self._logits(row, item), self.scorer.link, self.largest[row])
        return (values - self.mean[row]) / (self.deviation[row] + SMALLEST_DEVIATION)

    def _logits(self, row: np.ndarray, item: np.ndarray) -> np.ndarray:
        products: np.ndarray = np.einsum("nd,nd->n", self.query[row], self.scorer.vectors[item])
        return products + self.scorer.bias[item]

    def _moments(self, inside: np.ndarray, outside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Each user's mean and deviation over the catalogue: the found as they are, the others by the sample."""
        total = len(self.scorer.bias)
        there, drawn = inside > -np.inf, outside > -np.inf
        share = (total - there.sum(axis=1)) / np.maximum(1, drawn.sum(axis=1))
        first, second = (linked(part, self.scorer.link, self.largest[:, None]) for part in (inside, outside))
        powers = [
            (np.where(there, first**power, 0).sum(axis=1) + share * np.where(drawn, second**power, 0).sum(axis=1))
            for power in (1, 2)
        ]
        mean, square = powers[0] / total, powers[1] / total
        return mean, np.sqrt(np.maximum(square - mean**2, 0))


class _Near:
    """A neighbour member's proposals."""

    def __init__(self, scorer: NeighbourScorer, index: ItemIndex, asked: Asked) -> None:
        self.scores = scorer.sparse_scores(asked)
        self.count = index.settings.candidates
        total = self.scores.shape[1]
        self.mean = np.asarray(self.scores.sum(axis=1)).ravel() / total
        second = np.asarray(self.scores.multiply(self.scores).sum(axis=1)).ravel() / total
        self.deviation = np.sqrt(np.maximum(second - self.mean**2, 0))

    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        row = np.repeat(np.arange(self.scores.shape[0]), np.diff(self.scores.indptr))
        order = np.lexsort((self.scores.indices, -self.scores.data, row))
        place = np.arange(len(row)) - self.scores.indptr[row]
        kept = order[(place < self.count) & (self.scores.data[order] > 0)]
        return row[kept], self.scores.indices[kept].astype(np.int64)

    def standardized(self, row: np.ndarray, item: np.ndarray) -> np.ndarray:
        values = np.asarray(self.scores[row, item]).ravel()
        return (values - self.mean[row]) / (self.deviation[row] + SMALLEST_DEVIATION)


def _propose(scorer: Scorer, index: ItemIndex, asked: Asked) -> _Indexed | _Near:
    if isinstance(scorer, SequenceScorer):
        return _Indexed(scorer, index, asked)
    assert isinstance(scorer, NeighbourScorer)
    return _Near(scorer, index, asked)
