"""Columns that tell an outcome of several classes, or a number, all by themselves: the answer, or written after it.

A class or a number may be told by what lies in the middle of a column's range, so that a row is also told by those
whose values are next to its own, of the other half of the rows.
"""

import logging
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.kits.tables.encoding.convert import as_floats
from components.kits.tables.outcome.params import ClassesParams, NumberParams
from components.kits.tables.suspects import FEW_CODES, FEW_OF_A_CLASS, rank_auc

log = logging.getLogger(__name__)

NEXT = 8  # neighbours that tell a row
FEW_ROWS = 30
NAMES = ("categorical", "band", "text")
ONE_TOLD = 0.999  # AUC of one class by one column, which is told


def check_class_leaks(train: pd.DataFrame, answers: np.ndarray, spec: ClassesParams) -> None:
    """No column of the typed training rows tells the classes (N,) apart all by itself; one that tells one is told."""
    common = np.flatnonzero(np.bincount(answers, minlength=len(spec.target.values)) >= FEW_OF_A_CLASS)
    if len(common) < 2 or len(answers) < FEW_ROWS:
        return
    problems = []
    for name, column in spec.columns.items():
        aucs = class_aucs(train[name], column.kind, answers, common)
        if aucs.mean() > spec.max_leak_auc:
            problems.append(f"column {name} alone reaches a mean AUC of {aucs.mean():.4f} over the classes")
        elif aucs.max() > ONE_TOLD and name not in spec.known:
            log.warning(
                "column %s alone tells %r from all others (AUC %.4f): if it is known when a row is asked about, say "
                "prepare.known: [%s]; if not, move it to prepare.ignore",
                name, spec.target.values[common[aucs.argmax()]], aucs.max(), name,
            )  # fmt: skip
    if problems:
        raise CasebookError(
            f"{spec.file}: {'; '.join(problems)} on the training rows (prepare.max_leak_auc is {spec.max_leak_auc:g}): "
            "it holds the answer, or was written after it; move it to prepare.ignore"
        )


def check_number_leaks(train: pd.DataFrame, answers: np.ndarray, spec: NumberParams) -> None:
    """No column of the typed training rows explains the numbers (N,) all by itself."""
    if len(answers) < FEW_ROWS:
        return
    problems = []
    for name, column in spec.columns.items():
        explained = leak_r2(train[name], column.kind, answers)
        if explained > spec.max_leak_r2:
            problems.append(f"column {name} alone explains {explained:.4f} of the variance (R²)")
    if problems:
        raise CasebookError(
            f"{spec.file}: {'; '.join(problems)} on the training rows (prepare.max_leak_r2 is {spec.max_leak_r2:g}): "
            "it holds the answer, or was written after it; move it to prepare.ignore"
        )


def class_aucs(values: pd.Series, kind: str, answers: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The best AUC (C,) that a typed column (N,) reaches alone for each of the classes against all others."""
    best = np.full(len(classes), 0.5)
    hot = (answers[:, None] == classes).astype(np.float64)
    for told in _told_by(values, kind, hot):
        found = [rank_auc(told[:, place], hot[:, place]) for place in range(len(classes))]
        best = np.maximum(best, found)
    return best


def leak_r2(values: pd.Series, kind: str, answers: np.ndarray) -> float:
    """The most of the variance that a typed column (N,) explains alone: of the numbers (N,) along a line, or of their
    ranks, by the column's ranks, by its neighbours, or by the means of its classes.
    """
    ranks = pd.Series(answers).rank().to_numpy()
    best = 0.0
    if kind not in NAMES:
        numbers = as_floats(values)
        known = ~np.isnan(numbers)
        if known.mean() > 0.5:  # what few rows have explains little of all
            own = pd.Series(numbers[known]).rank().to_numpy()
            share = float(known.mean())
            best = share * max(_r2(numbers[known], answers[known]), _r2(own, pd.Series(ranks[known]).rank().to_numpy()))
    for told in _told_by(values, kind, ranks[:, None]):
        best = max(best, 1 - float(((ranks - told[:, 0]) ** 2).mean() / max(ranks.var(), 1e-12)))
    return best


def _r2(one: np.ndarray, other: np.ndarray) -> float:
    if one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1] ** 2)


def _told_by(values: pd.Series, kind: str, targets: np.ndarray) -> Iterator[np.ndarray]:
    """What is told of each of `targets (N, C)` by the column's neighbours and by its classes, each time `(N, C)`."""
    order = np.random.default_rng(0).permutation(len(values))
    order = order[
        np.argsort(targets[order] @ np.arange(1, targets.shape[1] + 1), kind="stable")
    ]  # alike in both halves
    halves = order[::2], order[1::2]
    if kind not in NAMES:
        numbers = as_floats(values)
        yield _crossed(halves, targets, lambda known, asked: _by_neighbours(numbers, targets, known, asked))
    if kind in (*NAMES, "boolean") or values.nunique() <= FEW_CODES:
        codes = pd.factorize(values, use_na_sentinel=False)[0]
        yield _crossed(halves, targets, lambda known, asked: _by_class(codes, targets, known, asked))


def _crossed(
    halves: tuple[np.ndarray, np.ndarray], targets: np.ndarray, tell: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> np.ndarray:
    told = np.empty(targets.shape)
    for known, asked in (halves, halves[::-1]):
        told[asked] = tell(known, asked)
    return told


def _by_neighbours(numbers: np.ndarray, targets: np.ndarray, known: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Means of `targets (N, C)` over the known rows whose numbers are next to those of the rows asked for; rows without
    a number are told by one another.
    """
    told = np.broadcast_to(targets[known].mean(axis=0), (len(asked), targets.shape[1])).copy()
    without_known, without_asked = np.isnan(numbers[known]), np.isnan(numbers[asked])
    if without_known.any():
        told[without_asked] = targets[known][without_known].mean(axis=0)
    known = known[~without_known]
    if len(known) < NEXT:
        return told
    known = known[np.argsort(numbers[known], kind="stable")]
    sums = np.vstack([np.zeros(targets.shape[1]), np.cumsum(targets[known], axis=0)])
    own, table = numbers[asked][~without_asked], numbers[known]
    middle = (np.searchsorted(table, own, "left") + np.searchsorted(table, own, "right")) // 2
    first = np.clip(middle - NEXT // 2, 0, len(known) - NEXT)
    told[~without_asked] = (sums[first + NEXT] - sums[first]) / NEXT
    return told


def _by_class(codes: np.ndarray, targets: np.ndarray, known: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Means of `targets (N, C)` over the known rows of the same code, drawn to the mean of all by one row."""
    count = np.bincount(codes[known], minlength=codes.max() + 1)[:, None]
    mean, sums = targets[known].mean(axis=0), np.zeros((codes.max() + 1, targets.shape[1]))
    np.add.at(sums, codes[known], targets[known])
    return ((sums + mean) / (count + 1))[codes[asked]]
