"""Metrics of detection, called with `target` and `score` as `matching` describes them.

Images are what a bootstrap draws. Matching is the costly part and is done once for the same boxes,
whichever metric asks; average precision of the same resamples likewise.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from components.core.errors import CasebookError
from components.core.parts import CountedMetric
from components.evaluation.bootstrap import Counted
from components.recipes.detection.metrics.accumulate import average_precision
from components.recipes.detection.metrics.froc import sensitivity_at_rates
from components.recipes.detection.metrics.matching import HALF, Matches, digest, match

LOWER_IS_BETTER = frozenset({"count_error"})
REMEMBERED = 8  # pairs of target and score: a learner, its baselines and variants

Found = TypeVar("Found")
OverCounts = Callable[[Matches, np.ndarray], np.ndarray]


def detection_metrics(classes: Sequence[str], *, threshold: float | Sequence[float]) -> dict[str, CountedMetric]:
    """The metrics by name, those of a threshold on the confidence at `threshold`, one or one for each class.

    `map50`, `map50_95`: the mean over classes of COCO's average precision at IoU .5, and over .5 to
    .95; `ap50_<class>`: one class's; `froc`: mean sensitivity at 1/8 to 8 false detections an
    image. At the threshold: `f1@50`, 2 hits / (detections + true boxes) over all images and
    classes; `count_error`, the mean over images of |detections - true boxes|, summed over classes,
    divided by the mean number of true boxes (lower is better, 0 is right in every image).

    Raises:
        CasebookError: no class, one twice, or thresholds for another number of classes.
    """
    if not classes or len(set(classes)) != len(classes):
        raise CasebookError(f"detection metrics: classes {list(classes)}; give one or more, each once")
    thresholds = np.asarray(threshold, np.float64)
    if thresholds.shape not in ((), (len(classes),)):
        raise CasebookError(
            f"detection metrics: {thresholds.size} thresholds for {len(classes)} classes; give one each"
        )
    memory = _Memory(len(classes))
    least = np.broadcast_to(thresholds, (len(classes),))

    def precision(matches: Matches, counts: np.ndarray) -> np.ndarray:
        return memory.precision(matches, counts)

    def over_counts(which: slice) -> OverCounts:
        return lambda matches, counts: mean_defined(precision(matches, counts)[:, :, which].mean(axis=2))

    def of_class(label: int) -> OverCounts:
        return lambda matches, counts: precision(matches, counts)[:, label, HALF]

    found: dict[str, OverCounts] = {
        "map50": over_counts(slice(HALF, HALF + 1)),
        "map50_95": over_counts(slice(None)),
        **{f"ap50_{name}": of_class(label) for label, name in enumerate(classes)},
        "froc": lambda matches, counts: sensitivity_at_rates(matches, counts).mean(axis=1),
        "f1@50": lambda matches, counts: f1(matches, counts, least),
        "count_error": lambda matches, counts: count_error(matches, counts, least),
    }
    return {name: _metric(name, one, memory) for name, one in found.items()}


def f1(matches: Matches, counts: np.ndarray, least: np.ndarray) -> np.ndarray:
    """(R,) at confidences of `least` (C,) or more; NaN where nothing is there and nothing is drawn."""
    kept = matches.confidence >= least[matches.label]
    images = len(matches.true)
    hits = np.bincount(matches.image, weights=kept & matches.hit[HALF], minlength=images)
    drawn = np.bincount(matches.image, weights=kept, minlength=images)
    with np.errstate(invalid="ignore"):
        shares: np.ndarray = 2 * (counts @ hits) / (counts @ (drawn + matches.true.sum(axis=1)))
    return shares


def count_error(matches: Matches, counts: np.ndarray, least: np.ndarray) -> np.ndarray:
    """(R,) at confidences of `least` (C,) or more; NaN where there is no true box."""
    wrong = np.abs(counted(matches, least) - matches.true).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = (counts @ wrong) / (counts @ matches.true.sum(axis=1))
    return np.where(np.isfinite(shares), shares, np.nan)


def counted(matches: Matches, least: np.ndarray) -> np.ndarray:
    """(N, C): detections of each image and class at confidences of `least` (C,) or more."""
    kept = matches.confidence >= least[matches.label]
    found = np.zeros(matches.true.shape, np.int64)
    np.add.at(found, (matches.image[kept], matches.label[kept]), 1)
    return found


def mean_defined(values: np.ndarray) -> np.ndarray:
    """(R,): the mean of each row of `values` (R, C) without its NaNs; NaN for a row of them alone."""
    defined = ~np.isnan(values)
    number = defined.sum(axis=1)
    total = np.where(defined, values, 0.0).sum(axis=1)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


class _Memory:
    """What was matched and averaged last, by the bytes it was made of."""

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self.matches: OrderedDict[str, Matches] = OrderedDict()
        self.averages: OrderedDict[str, np.ndarray] = OrderedDict()

    def match(self, target: np.ndarray, score: np.ndarray) -> Matches:
        return _remembered(self.matches, digest(target, score), lambda: match(target, score, self.classes))

    def precision(self, matches: Matches, counts: np.ndarray) -> np.ndarray:
        key = digest(matches.image, matches.label, matches.confidence, matches.found, matches.true, counts)
        return _remembered(self.averages, key, lambda: average_precision(matches, counts))


def _remembered(memory: OrderedDict[str, Found], key: str, make: Callable[[], Found]) -> Found:
    if key not in memory:
        memory[key] = make()
        while len(memory) > REMEMBERED:
            memory.popitem(last=False)
    memory.move_to_end(key)
    return memory[key]


def _metric(name: str, over: OverCounts, memory: _Memory) -> Counted:
    def plain(target: np.ndarray, score: np.ndarray, /) -> float:
        return float(over(memory.match(target, score), np.ones((1, len(target))))[0])

    def over_counts(target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> np.ndarray:
        return over(memory.match(target, score), counts)

    plain.__name__ = name
    return Counted(plain, over_counts)
