"""Metrics of a score for a binary outcome: 1 is the event (a bad payer), a higher score means more likely.

Every metric takes a target (N,) of 0 and 1 and a score (N,), returns a float, NaN where one class is
absent and the metric needs both, and answers over counts for the bootstrap. Except for `auc`, `ap`,
`ks` and `gini`, which only rank, and the metrics at a threshold, the score must be a probability.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from sklearn import metrics as sk

from components.core.errors import CasebookError
from components.core.parts import Metric
from components.evaluation.bootstrap import Counted, counted
from components.recipes.binary.metrics import over_counts
from components.recipes.binary.metrics.rows import checked, checked_probabilities, has_both_classes

LOWER_IS_BETTER = frozenset({"brier", "ece", "log_loss"})


def binary_metrics(*, threshold: float, bins: int) -> dict[str, Metric]:
    """Every metric by its name; `threshold` is for the decision, `bins` for the ECE.

    Neither `calibration_slope` (best 1) nor the intercepts (best 0) have a better direction.
    """
    return {
        "auc": auc,
        "ap": ap,
        "f1": f1_at(threshold),
        "ks": ks,
        "gini": gini,
        "brier": brier,
        "ece": ece_in(bins),
        "log_loss": log_loss,
        "calibration_slope": calibration_slope,
        "calibration_intercept": calibration_intercept,
        "precision": precision_at(threshold),
        "recall": recall_at(threshold),
        "accuracy": accuracy_at(threshold),
    }


@counted(over_counts.auc)
def auc(target: np.ndarray, score: np.ndarray, /) -> float:
    """Area under the ROC curve: the chance that a bad scores above a good, ties counting half."""
    target, score = checked(target, score)
    return float(sk.roc_auc_score(target, score)) if has_both_classes(target) else np.nan


@counted(over_counts.ap)
def ap(target: np.ndarray, score: np.ndarray, /) -> float:
    """Average precision: precision at each distinct score, weighted by the recall it adds (no interpolation)."""
    target, score = checked(target, score)
    return float(sk.average_precision_score(target, score)) if has_both_classes(target) else np.nan


@counted(over_counts.ks)
def ks(target: np.ndarray, score: np.ndarray, /) -> float:
    """Kolmogorov-Smirnov: the largest distance between the score distributions of bads and goods."""
    target, score = checked(target, score)
    if not has_both_classes(target):
        return np.nan
    false_alarms, hits, _ = sk.roc_curve(target, score, drop_intermediate=False)
    return float(np.abs(hits - false_alarms).max())


@counted(over_counts.gini)
def gini(target: np.ndarray, score: np.ndarray, /) -> float:
    """Gini coefficient or accuracy ratio, 2 AUC - 1."""
    return 2 * auc(target, score) - 1


@counted(over_counts.brier)
def brier(target: np.ndarray, score: np.ndarray, /) -> float:
    """Mean squared error of the probability (Brier, 1950)."""
    target, score = checked_probabilities(target, score)
    return float(sk.brier_score_loss(target, score, pos_label=1))


@counted(over_counts.log_loss)
def log_loss(target: np.ndarray, score: np.ndarray, /) -> float:
    """Mean of -log p of what happened, in nats."""
    target, score = checked_probabilities(target, score)
    return float(sk.log_loss(target, score, labels=[0.0, 1.0]))


def ece_in(bins: int) -> Counted:
    """Expected calibration error over `bins` bins of equal mass (Naeini et al., 2015; Nguyen and O'Connor, 2015).

    The mean over rows of |share of bads - mean probability| of the row's bin. Equal scores share a
    bin, so bins can hold unequal numbers of rows or none. Biased upwards where bins hold few rows.
    """

    @counted(partial(over_counts.ece, bins=bins))
    def ece(target: np.ndarray, score: np.ndarray, /) -> float:
        target, score = checked_probabilities(target, score)
        return float(over_counts.ece(target, score, np.ones((1, len(target))), bins)[0])

    return ece


@counted(lambda target, score, counts: over_counts.calibration_line(target, score, counts)[1])
def calibration_slope(target: np.ndarray, score: np.ndarray, /) -> float:
    """The slope b of logit P(bad) = a + b logit(p), a and b fitted jointly (Cox, 1958).

    Below 1 the probabilities are too extreme. NaN where the score separates the classes or is constant.
    """
    return _calibration_line(target, score)[1]


@counted(lambda target, score, counts: over_counts.calibration_line(target, score, counts)[0])
def joint_intercept(target: np.ndarray, score: np.ndarray, /) -> float:
    """The intercept a of the same joint fit: the log-odds of what happened where the score says one half."""
    return _calibration_line(target, score)[0]


@counted(over_counts.calibration_in_the_large)
def calibration_intercept(target: np.ndarray, score: np.ndarray, /) -> float:
    """Calibration in the large: the intercept a of logit P(bad) = a + logit(p), the slope fixed at 1.

    Above 0 there are more bads than the score says (Van Calster et al., 2019). NaN with one class only.
    """
    target, score = checked_probabilities(target, score)
    if not has_both_classes(target):
        return np.nan
    return float(over_counts.calibration_in_the_large(target, score, np.ones((1, len(target))))[0])


def _calibration_line(target: np.ndarray, score: np.ndarray) -> tuple[float, float]:
    target, score = checked_probabilities(target, score)
    if not has_both_classes(target):
        return np.nan, np.nan
    intercept, slope = over_counts.calibration_line(target, score, np.ones((1, len(target))))
    return float(intercept[0]), float(slope[0])


def f1_at(threshold: float) -> Counted:
    """The harmonic mean of precision and recall of `score >= threshold`; NaN with no bad, flagged or real."""
    return _at(threshold, "f1", partial(sk.f1_score, zero_division=np.nan), over_counts.f1)


def precision_at(threshold: float) -> Counted:
    """The share of bads among rows with `score >= threshold`; 0 where there are no such rows."""
    return _at(threshold, "precision", partial(sk.precision_score, zero_division=0.0), over_counts.precision)


def recall_at(threshold: float) -> Counted:
    """The share of bads that have `score >= threshold`; NaN where there are no bads."""
    return _at(threshold, "recall", partial(sk.recall_score, zero_division=np.nan), over_counts.recall)


def accuracy_at(threshold: float) -> Counted:
    """The share of rows for which `score >= threshold` says what happened."""
    return _at(threshold, "accuracy", sk.accuracy_score, over_counts.accuracy)


def _at(threshold: float, name: str, of_labels: Callable[..., float], of_counts: Callable[..., np.ndarray]) -> Counted:
    @counted(partial(of_counts, threshold=threshold))
    def metric(target: np.ndarray, score: np.ndarray, /) -> float:
        target, score = checked(target, score)
        return float(of_labels(target, (score >= threshold).astype(np.float64)))

    metric.__name__ = name
    return metric


def best_f1_threshold(target: np.ndarray, score: np.ndarray) -> float:
    """The threshold on a probability with the highest F1; of equals the highest, which flags the fewest rows.

    It lies halfway between the lowest flagged score and the next below (0 where there is none), so
    that rounding in another runtime flips no row.

    Raises:
        CasebookError: there is no bad, so no threshold has an F1.
    """
    target, score = checked_probabilities(target, score)
    if not target.any():
        raise CasebookError(f"threshold: none of {len(target)} rows is positive; choose it on rows with both classes")
    positives, negatives = over_counts.cumulative(target, score, np.ones((1, len(target))))
    best = int(np.argmax(2 * positives[0] / (positives[0] + negatives[0] + target.sum())))
    levels = np.append(np.unique(score)[::-1], 0.0)
    halfway = (levels[best] + levels[best + 1]) / 2
    return float(halfway if halfway > levels[best + 1] else levels[best])
