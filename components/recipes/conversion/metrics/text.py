"""How much of each answer is right: characters, whole clauses, lists of candidates.

A metric is called with references (N,) and answers (N,), or lists (N, K) of answers, best first. All are
shares of sums over clauses, so resamples of clauses are matrix products. What has no reference
character does not define a share of characters: NaN.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np

from components.core.errors import CasebookError
from components.core.parts import Metric
from components.evaluation.bootstrap import Counted
from components.recipes.conversion.metrics.alignment import code_points, edit_counts
from components.recipes.conversion.metrics.rows import Texts, checked, metric_of_sums, share


def characters_right(references: Texts, answers: Texts) -> np.ndarray:
    """Right characters and characters (N, 2) of each reference.

    An answer of equal length is compared place by place. One of another length is aligned with the
    fewest edits: what the alignment keeps is right, what it drops or replaces is wrong, and added
    characters cost nothing here (they do in `cer`).
    """
    lengths = np.array([len(text) for text in references], dtype=np.float64)
    right = np.zeros(len(references))
    same = np.array([len(one) == len(other) for one, other in zip(references, answers, strict=True)])
    pick = np.flatnonzero(same)
    agree = code_points("".join(references[row] for row in pick)) == code_points("".join(answers[row] for row in pick))
    right[pick] = np.bincount(np.repeat(np.arange(len(pick)), lengths[pick].astype(int)), agree, len(pick))
    rest = np.flatnonzero(~same)
    right[rest] = edit_counts([references[row] for row in rest], [answers[row] for row in rest])[1]
    return np.column_stack([right, lengths])


def clauses_right(references: Texts, answers: Texts) -> np.ndarray:
    """1 where the whole answer is right, beside 1 (N, 2)."""
    right = [float(one == other) for one, other in zip(references, answers, strict=True)]
    return np.column_stack([right, np.ones(len(references))])


def character_edits(references: Texts, answers: Texts) -> np.ndarray:
    """The fewest edits from the reference, and its characters (N, 2)."""
    return np.column_stack([edit_counts(references, answers)[0], [len(text) for text in references]]).astype(float)


char_accuracy = metric_of_sums("char_accuracy", characters_right, share)
exact = metric_of_sums("exact", clauses_right, share)
# Above 1 where answers are longer than their references: nothing caps what may be added.
cer = metric_of_sums("cer", character_edits, share)


def top_k_metrics(cutoffs: Sequence[int]) -> dict[str, Metric]:
    """`top@k` for each cutoff: the share of clauses whose reference is among the first k of its list.

    Lists are (N, K) with K >= k, None where a list ends early; `top@1` is `exact`.

    Raises:
        CasebookError: no cutoff, one twice, or one below 1; when called, lists shorter than the cutoff.
    """
    if not cutoffs or len(set(cutoffs)) != len(cutoffs) or min(cutoffs) < 1:
        raise CasebookError(f"top-k accuracy: cutoffs {list(cutoffs)}; give different whole numbers from 1")
    return {f"top@{cutoff}": _top(cutoff) for cutoff in cutoffs}


def _top(cutoff: int) -> Counted:
    def plain(target: np.ndarray, score: np.ndarray, /) -> float:
        return float(_found(target, score, cutoff).mean())

    plain.__name__ = f"top@{cutoff}"
    return Counted(plain, partial(_top_over_counts, cutoff=cutoff))


def _top_over_counts(target: np.ndarray, score: np.ndarray, counts: np.ndarray, *, cutoff: int) -> np.ndarray:
    return np.asarray(counts @ _found(target, score, cutoff) / counts.sum(axis=1))


def _found(target: np.ndarray, score: np.ndarray, cutoff: int) -> np.ndarray:
    lists = np.asarray(score, dtype=object)
    lists = lists[:, None] if lists.ndim == 1 else lists
    if lists.ndim != 2 or lists.shape[1] < cutoff:
        raise CasebookError(f"top@{cutoff}: answers {lists.shape}; give lists of at least {cutoff} per clause")
    references, _ = checked(target, lists)
    wanted = np.array(references, dtype=object)[:, None]
    return np.any(np.asarray(lists[:, :cutoff] == wanted, dtype=bool), axis=1).astype(np.float64)
