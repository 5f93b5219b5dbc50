"""What the folds of both sides come to: means, and differences of the same rows with their standard errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Found = Mapping[str, Any]


@dataclass(frozen=True)
class Folds:
    """Of one method `loss` and `miss` of each row, by fold, and the CPU seconds by fold; `trials` of a peer in all."""

    loss: Sequence[np.ndarray]
    miss: Sequence[np.ndarray]
    seconds: Sequence[float]
    trials: int = 0


@dataclass(frozen=True)
class Difference:
    """Ours less theirs, better low: the mean over the folds, and its standard error over rows and over folds."""

    mean: float
    by_rows: float
    by_folds: float


def of_ours(found: Sequence[Found]) -> Folds:
    loss, miss = ([np.array(fold[name]) for fold in found] for name in ("loss", "miss"))
    return Folds(loss, miss, [fold["seconds"] for fold in found])


def of_peer(found: Sequence[Found], budget: float) -> Folds:
    """What a peer had in hand after `budget` seconds: the best of the trials that had begun, as a timeout leaves it."""
    best = [[one for one in fold["best"] if one["begun"] < budget][-1] for fold in found]
    begun = [[one for one in fold["trials"] if one["begun"] < budget] for fold in found]
    spent = [_ended(fold, len(trials)) for fold, trials in zip(found, begun, strict=True)]
    loss, miss = ([np.array(one[name]) for one in best] for name in ("loss", "miss"))
    return Folds(loss, miss, spent, sum(map(len, begun)))


def _ended(fold: Found, trials: int) -> float:
    """The seconds after so many trials: those before the next one."""
    later = fold["trials"][trials:]
    return float(later[0]["begun"] if later else fold["spent"])


def metric(folds: Folds, *, root: bool) -> list[float]:
    """The log loss of each fold, or with `root` the root of its mean squared error."""
    means = [float(loss.mean()) for loss in folds.loss]
    return [mean**0.5 for mean in means] if root else means


def difference(ours: Folds, theirs: Folds, *, root: bool) -> Difference:
    """Of the metric. A root's error comes from the mean below it (delta method), by the rows of each fold."""
    mine, other = np.array(metric(ours, root=root)), np.array(metric(theirs, root=root))
    less = mine - other
    variance = 0.0
    for a, b, own, peer in zip(ours.loss, theirs.loss, mine, other, strict=True):
        rows = a / (2 * own) - b / (2 * peer) if root else a - b
        variance += float(rows.var(ddof=1)) / len(rows)
    by_folds = float(less.std(ddof=1) / len(less) ** 0.5)
    return Difference(float(less.mean()), variance**0.5 / len(less), by_folds)
