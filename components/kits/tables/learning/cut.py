"""Folds of few rows: the places that each fits on, and those that it answers."""

from typing import TypeAlias

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

Parts: TypeAlias = list[tuple[np.ndarray, np.ndarray]]
BINS = 10  # of a number, whose shares all folds have alike


def cut_classes(target: np.ndarray, groups: np.ndarray | None, folds: int, seed: int) -> Parts:
    """Folds of a target (N,) of classes, which are in equal shares in all of them, and groups on one side.

    There are no more folds than rows of the rarest class, or than groups; none where that would be fewer than two, or
    one would lack a class to fit on.
    """
    classes, counts = np.unique(target, return_counts=True)
    if len(classes) < 2:
        return []
    parts = _cut(target, groups, min(folds, int(counts.min())), seed)
    return parts if all(len(np.unique(target[fitting])) == len(classes) for fitting, _ in parts) else []


def cut_numbers(target: np.ndarray, groups: np.ndarray | None, folds: int, seed: int) -> Parts:
    """Folds of a target (N,) of numbers, small and large ones in like shares in all of them, and groups on one side.

    There are no more folds than rows, or than groups; none where that would be fewer than two.
    """
    bins = max(1, min(BINS, len(target) // max(folds, 1)))
    order = np.argsort(target, kind="stable")
    places = np.empty(len(target), np.int64)
    places[order] = np.arange(len(target)) * bins // max(len(target), 1)
    return _cut(places, groups, min(folds, len(target)), seed)


def _cut(classes: np.ndarray, groups: np.ndarray | None, most: int, seed: int) -> Parts:
    if groups is not None:
        most = min(most, len(np.unique(groups)))
    if most < 2:
        return []
    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    return list(kind(most, shuffle=True, random_state=seed).split(classes, classes, groups))
