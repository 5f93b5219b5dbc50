"""Metrics of probabilities of several classes.

Every metric takes a target (N,) of codes from 0 and probabilities (N, C), returns a float, NaN where the rows do not
define it, and answers over counts for the bootstrap. What is answered is the likeliest class, of equals the first.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from components.core.parts import Metric
from components.evaluation.bootstrap import Counted, counted
from components.recipes.multiclass.metrics import over_counts
from components.recipes.multiclass.metrics.rows import checked

OverCounts = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def class_metrics(*, classes: Sequence[str], bins: int) -> dict[str, Metric]:
    """Every metric by its name; `classes` in the order of the codes, `bins` for the two ECEs."""
    of_all: dict[str, Metric] = {
        "log_loss": log_loss,
        "macro_f1": macro_f1,
        "auc": auc,
        "accuracy": accuracy,
        "brier": brier,
        "ece": ece_in(bins),
        "class_ece": class_ece_in(bins),
    }
    of_class = {f"auc@{name}": auc_of(place) for place, name in enumerate(classes)}
    return of_all | of_class | {f"f1@{name}": f1_of(place) for place, name in enumerate(classes)}


def _all_at_once(name: str, answer: OverCounts) -> Counted:
    """The metric whose plain form is that of each row drawn once."""

    @counted(answer)
    def metric(target: np.ndarray, score: np.ndarray, /) -> float:
        target, score = checked(target, score)
        return float(answer(target, score, np.ones((1, len(target))))[0])

    metric.__name__ = name
    return metric


log_loss = _all_at_once("log_loss", over_counts.log_loss)
"""Mean of -log p of what happened, in nats."""

macro_f1 = _all_at_once("macro_f1", over_counts.macro_f1)
"""The mean of the F1 of each class that is there or answered, as scikit-learn's `average="macro"`."""

auc = _all_at_once("auc", over_counts.auc)
"""The mean of the areas under the ROC curve of each class against the rest, as `multi_class="ovr"`."""

accuracy = _all_at_once("accuracy", over_counts.accuracy)
"""The share of rows whose answer is right."""

brier = _all_at_once("brier", over_counts.brier)
"""Mean over rows of the squared errors summed over classes (Brier, 1950): 0 to 2."""


def ece_in(bins: int) -> Counted:
    """Expected calibration error of what is answered: over bins of equal mass of the largest probability, how far its
    mean is from the share that is right (Guo et al., On calibration of modern neural networks, 2017).
    """
    return _all_at_once("ece", partial(over_counts.ece, bins=bins))


def class_ece_in(bins: int) -> Counted:
    """The mean over classes of the calibration error of the class's probability (Kull et al., 2019, classwise-ECE)."""
    return _all_at_once("class_ece", partial(over_counts.class_ece, bins=bins))


def auc_of(place: int) -> Counted:
    """Of the class of this code against the rest."""
    return _all_at_once("auc", partial(over_counts.class_auc, place=place))


def f1_of(place: int) -> Counted:
    def of_class(target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> np.ndarray:
        return over_counts.class_f1(target, score, counts)[:, place]

    return _all_at_once("f1", of_class)
