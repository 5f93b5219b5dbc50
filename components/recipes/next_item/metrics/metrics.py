"""Metrics of next-item recommendation: one relevant item a user, known by its rank.

A metric is called with the target (N,), which it only counts, and the target's rank (N,) from
`ranks`; infinity says that it was not ranked at all. Every one is a mean over users of a credit that
is 0 below the cutoff, so resamples of users are one matrix product. torchmetrics' retrieval metrics
and scikit-learn's `ndcg_score` want every user's scores of the whole catalogue for each resample.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from components.core.errors import CasebookError
from components.core.parts import Metric
from components.evaluation.bootstrap import Counted, counted

Credit = Callable[[np.ndarray, int], np.ndarray]


def ranking_metrics(cutoffs: Sequence[int]) -> dict[str, Metric]:
    """`hr@k`, `ndcg@k`, `map@k`, `mrr@k`, `recall@k` and `precision@k` for each cutoff k.

    With a single relevant item several coincide: recall is the hit rate, precision is the hit rate
    divided by k, average precision is the reciprocal rank, and the ideal DCG is 1. All are given, so
    that tables of others can be compared by name.

    Raises:
        CasebookError: no cutoff, one twice, or one below 1.
    """
    if not cutoffs or len(set(cutoffs)) != len(cutoffs) or min(cutoffs) < 1:
        raise CasebookError(f"ranking metrics: cutoffs {list(cutoffs)}; give different whole numbers from 1")
    return {f"{name}@{cutoff}": _at(name, cutoff, credit) for cutoff in cutoffs for name, credit in CREDITS.items()}


def hit(rank: np.ndarray, cutoff: int) -> np.ndarray:
    """1 where the rank (N,) is within the cutoff."""
    return (rank <= cutoff).astype(np.float64)


def discounted_gain(rank: np.ndarray, cutoff: int) -> np.ndarray:
    """1 / log2(1 + rank) within the cutoff (Järvelin and Kekäläinen, 2002)."""
    return hit(rank, cutoff) / np.log2(1 + rank)


def reciprocal(rank: np.ndarray, cutoff: int) -> np.ndarray:
    """1 / rank within the cutoff."""
    return hit(rank, cutoff) / rank


def precision(rank: np.ndarray, cutoff: int) -> np.ndarray:
    """1 / cutoff for a hit: a list of one relevant item can hold no more."""
    return hit(rank, cutoff) / cutoff


CREDITS: dict[str, Credit] = {
    "hr": hit,
    "ndcg": discounted_gain,
    "map": reciprocal,
    "mrr": reciprocal,
    "recall": hit,
    "precision": precision,
}


def _at(name: str, cutoff: int, credit: Credit) -> Counted:
    @counted(partial(_over_counts, credit=credit, cutoff=cutoff))
    def metric(target: np.ndarray, rank: np.ndarray, /) -> float:
        return float(credit(_checked(target, rank), cutoff).mean())

    metric.__name__ = f"{name}@{cutoff}"
    return metric


def _over_counts(
    target: np.ndarray, rank: np.ndarray, counts: np.ndarray, *, credit: Credit, cutoff: int
) -> np.ndarray:
    return counts @ credit(_checked(target, rank), cutoff) / counts.sum(axis=1)


def _checked(target: np.ndarray, rank: np.ndarray) -> np.ndarray:
    rank = np.asarray(rank, dtype=np.float64)
    if rank.ndim != 1 or len(rank) == 0 or len(target) != len(rank):
        raise CasebookError(f"{len(target)} targets and ranks {rank.shape}: give one of each per user, at least one")
    if len(other := rank[~(rank >= 1)]):
        raise CasebookError(f"rank: {len(other)} of {len(rank)} are below 1 or no number, such as {other[0]}")
    return rank
