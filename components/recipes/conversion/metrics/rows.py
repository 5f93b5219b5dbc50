"""Checked rows of answered text, for every metric, and metrics that are made of sums over clauses."""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from components.core.errors import CasebookError
from components.evaluation.bootstrap import Counted

Texts: TypeAlias = tuple[str, ...]
Statistics: TypeAlias = Callable[[Texts, Texts], np.ndarray]

KEPT = 8  # pairs of references and answers whose statistics a metric remembers: a paired bootstrap takes turns at two


def checked(target: np.ndarray, score: np.ndarray) -> tuple[Texts, Texts]:
    """References and answers of N clauses as strings, from (N,) and (N,), or (N, K) lists of which the first counts.

    Raises:
        CasebookError: there is no clause, their numbers differ, or one is no string.
    """
    answers = np.asarray(score, dtype=object)
    answers = answers[:, 0] if answers.ndim == 2 and answers.shape[1] else answers
    references = np.asarray(target, dtype=object)
    if references.ndim != 1 or answers.shape != references.shape or len(references) == 0:
        raise CasebookError(
            f"references {references.shape} and answers {np.shape(score)}: give one of each per clause, at least one"
        )
    for name, texts in (("reference", references), ("answer", answers)):
        if other := [text for text in texts if not isinstance(text, str)]:
            raise CasebookError(f"{name}: {len(other)} of {len(texts)} are no string, such as {other[0]!r}")
    return tuple(references), tuple(answers)


def metric_of_sums(name: str, statistics: Statistics, combine: Callable[[np.ndarray], np.ndarray]) -> Counted:
    """The metric `combine` of what `statistics` counts in each clause, summed over the clauses.

    `statistics` gives (N, S) from references and answers; `combine` turns sums (R, S) of R corpora into
    their values (R,). Clauses are counted once, whatever the number of resamples.
    """
    remembered = lru_cache(maxsize=KEPT)(statistics)

    def plain(target: np.ndarray, score: np.ndarray, /) -> float:
        return float(combine(remembered(*checked(target, score)).sum(axis=0, keepdims=True))[0])

    def over_counts(target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> np.ndarray:
        return combine(counts @ remembered(*checked(target, score)))

    plain.__name__ = name
    return Counted(plain, over_counts)


def share(sums: np.ndarray) -> np.ndarray:
    """First column over the second, (R, 2) -> (R,); NaN where the second is 0."""
    return np.divide(sums[:, 0], sums[:, 1], out=np.full(len(sums), np.nan), where=sums[:, 1] > 0)
