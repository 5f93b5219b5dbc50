"""What a small tree model is asked of rows, and how well it answers, on one scale: 0.5 is a coin, 1 tells all.

Of two values that is AUC, of several classes the mean of each one's AUC against the rest. Of a number it is the chance
that of two rows the one told to be larger is larger, as it follows from the correlation r of ranks where both are
normal: 1/2 + arcsin(r) / pi.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from components.kits.tables.suspects import rank_auc


class Question(Protocol):
    """`near` is from where what is told is next to perfect, `several` where columns that say the same tell it;
    the `measure` is what is told."""

    near: float
    several: float
    measure: str

    @property
    def settings(self) -> Mapping[str, Any]:
        """LightGBM's, of the objective."""

    def judge(self, told: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
        """How well rows are told that the model has not seen, and what each of them (N,) adds to that."""

    def error(self, loss: np.ndarray, target: np.ndarray) -> float:
        """The standard error of a difference, by what each row (N,) adds to it."""


@dataclass(frozen=True)
class TwoValues:
    """The target is 0 or 1. What a row adds is the share of the other class that it is on the right side of."""

    near: float = 0.96
    several: float = 0.9
    measure: str = "AUC"

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"objective": "binary"}

    def judge(self, told: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
        return rank_auc(told, target), shares_beaten(told, target)

    def error(self, loss: np.ndarray, target: np.ndarray) -> float:
        """DeLong's."""
        parts = [loss[target == label] for label in (0, 1)]
        return float(np.sqrt(sum(part.var() / len(part) for part in parts)))


@dataclass(frozen=True)
class SeveralClasses:
    """The target is a class from 0 to `classes - 1`. What a row adds is how far it moves the mean AUC."""

    classes: int
    near: float = 0.96
    several: float = 0.9
    measure: str = "mean AUC"

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"objective": "multiclass", "num_class": self.classes}

    def judge(self, told: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
        aucs, moved = [], np.zeros(len(target))
        for one in np.unique(target):
            own = (target == one).astype(np.int64)
            share = own.mean()
            auc, beaten = rank_auc(told[:, one], own), shares_beaten(told[:, one], own)
            moved += (beaten - auc) / np.where(own == 1, share, 1 - share)
            aucs.append(auc)
        return float(np.mean(aucs)), moved / len(aucs)

    def error(self, loss: np.ndarray, target: np.ndarray) -> float:  # noqa: ARG002 - as every question's
        return float(loss.std() / np.sqrt(len(loss)))


@dataclass(frozen=True)
class Number:
    """The target is a number, of which trees learn the rank. What a row adds is how far it moves the figure.

    Numbers are often told nearly perfectly by what is known before: more is asked of them.
    """

    near: float = 0.975
    several: float = 0.975
    measure: str = "concordance"

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"objective": "regression"}

    def judge(self, told: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
        one, other = (_standard(pd.Series(values).rank().to_numpy()) for values in (told, target))
        r = float(np.clip((one * other).mean(), -0.9999, 0.9999))
        moved = one * other - r * (one**2 + other**2) / 2
        return 0.5 + float(np.arcsin(r)) / np.pi, moved / np.pi / np.sqrt(1 - r**2)

    def error(self, loss: np.ndarray, target: np.ndarray) -> float:  # noqa: ARG002 - as every question's
        return float(loss.std() / np.sqrt(len(loss)))


def shares_beaten(score: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Of each positive the share of negatives below it, of each negative that of positives above, ties counted half."""
    ranks = pd.Series(score).rank().to_numpy()
    own = np.empty(len(score))
    for label in (0, 1):
        own[target == label] = pd.Series(score[target == label]).rank().to_numpy()
    beaten = ranks - own
    positives = target == 1
    return np.where(positives, beaten / (~positives).sum(), 1 - beaten / positives.sum())


def _standard(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / max(float(values.std()), 1e-12)
