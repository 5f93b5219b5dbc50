"""Percentile bootstrap over rows, for any metric, and in one sweep for metrics that take row counts.

Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters 13 and 16. A resample is kept
as how often each row was drawn, so that rows need sorting once and not once a resample, and every
metric and both sides of a paired difference see the same resamples.
"""

import functools
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from components.core.errors import CasebookError
from components.core.parts import CountedMetric, Metric
from components.core.results import Interval

log = logging.getLogger(__name__)

ENTRIES = 1_000_000  # of the counts held at once: 8 MB, whatever the number of rows
LARGEST_SKIPPED_SHARE = 0.1  # above it, the interval is about other data than the rows given


class Counted:
    """A metric made of its plain form and the form over counts (see `CountedMetric`)."""

    def __init__(self, plain: Metric, over_counts: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]) -> None:
        functools.update_wrapper(self, plain)
        self.__name__ = _name(plain)
        self.plain = plain
        self.over_counts = over_counts

    def __call__(self, target: np.ndarray, score: np.ndarray, /) -> float:
        return self.plain(target, score)


def counted(over_counts: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]) -> Callable[[Metric], Counted]:
    """Decorate the plain form of a metric with its form over counts."""
    return lambda plain: Counted(plain, over_counts)


class Resampled(Protocol):
    """Params that say how an interval is made, such as those of `evaluate`, `compress` or `release`."""

    @property
    def resamples(self) -> int: ...
    @property
    def confidence(self) -> float: ...
    @property
    def seed(self) -> int: ...


@dataclass(frozen=True)
class Resampling:
    """How often rows are drawn anew, under which seed, and the share of the draws that an interval holds."""

    resamples: int
    confidence: float
    seed: int

    @classmethod
    def of(cls, params: Resampled) -> "Resampling":
        return cls(params.resamples, params.confidence, params.seed)


def mean_over_units(each: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Counted:
    """The mean of a figure (N,) of each unit, whatever that is: resamples repeat figures, not episodes or pictures."""

    def plain(target: np.ndarray, score: np.ndarray, /) -> float:
        return float(each(target, score).mean())

    def over_counts(target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> np.ndarray:
        means: np.ndarray = counts @ each(target, score).astype(np.float64) / counts.sum(axis=1)
        return means

    functools.update_wrapper(plain, each)
    return Counted(plain, over_counts)


@dataclass(frozen=True)
class Difference(Interval):
    """The interval of a paired difference.

    `share_below` is the share of the `used` resamples in which the difference is below zero.
    """

    share_below: float
    used: int


def interval(
    metric: Metric,
    target: np.ndarray,
    score: np.ndarray,
    *,
    resampling: Resampling,
    groups: np.ndarray | None = None,
) -> Interval:
    """A metric's value on all rows, and the bounds within which the share `confidence` of its resamples lie.

    `target` (N,) or (N, ...), `score` (N, ...); with `groups` (N,) whole groups are drawn.
    The bounds are percentiles, so for a metric that is biased upwards on small samples (ECE), they
    are too, and the value may lie below both.

    Raises:
        CasebookError: the metric is not defined on all rows, or on over a tenth of the resamples.
    """
    _check_rows(target, score)
    name = _name(metric)
    value = float(metric(target, score))
    values = _resampled({name: metric}, target, [score], resampling, groups)[name][0]
    return summarise(name, value, values, resampling.confidence)


def intervals(
    metrics: Mapping[str, Metric],
    target: np.ndarray,
    score: np.ndarray,
    *,
    resampling: Resampling,
    groups: np.ndarray | None = None,
) -> dict[str, Interval]:
    """`interval` for many metrics on the same resamples.

    A metric that is not defined on these rows is left out, with a warning that names it: who
    needs it misses it by name, and no NaN is handed on.
    """
    _check_rows(target, score)
    value = {name: float(metric(target, score)) for name, metric in metrics.items()}
    values = _resampled(metrics, target, [score], resampling, groups)
    found = {}
    for name in metrics:
        try:
            found[name] = summarise(name, value[name], values[name][0], resampling.confidence)
        except UndefinedError as problem:
            say_left_out(problem)
    return found


def paired_difference(
    metric: Metric,
    target: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    *,
    resampling: Resampling,
    groups: np.ndarray | None = None,
) -> Difference:
    """metric(first) - metric(second) on all rows, and its interval over the same resampled rows.

    Shapes and errors as for `interval`. For a metric where higher is better, `share_below` is the
    one-sided bootstrap p-value of "first is no better than second".
    """
    _check_rows(target, first, second)
    name = _name(metric)
    value = float(metric(target, first)) - float(metric(target, second))
    one, other = _resampled({name: metric}, target, [first, second], resampling, groups)[name]
    differences = one - other
    found = summarise(f"difference of {name}", value, differences, resampling.confidence)
    defined = differences[np.isfinite(differences)]
    return Difference(found.value, found.low, found.high, share_below=float(np.mean(defined < 0)), used=len(defined))


class UndefinedError(CasebookError):
    """The rows given do not define the metric, or too few of their resamples do."""


def say_left_out(problem: UndefinedError) -> None:
    log.warning("%s; it is left out", problem)


def draw_counts(rows: int, *, resamples: int, seed: int, groups: np.ndarray | None = None) -> Iterator[np.ndarray]:
    """Yield float arrays (r, N) of how often each row was drawn, `resamples` of them in all.

    Without `groups` each resample draws N rows with replacement; with `groups` (N,), as many
    groups as there are, each with all of its rows (the cluster bootstrap of Davison and Hinkley, 1997).
    """
    unit = np.arange(rows) if groups is None else np.unique(groups, return_inverse=True)[1]
    units = int(unit.max()) + 1
    generator = np.random.default_rng(seed)
    step = max(1, ENTRIES // rows)
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        drawn = generator.integers(units, size=(size, units)) + units * np.arange(size)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=size * units).reshape(size, units).astype(float)
        yield counts if groups is None else counts[:, unit]


def summarise(name: str, value: float, values: np.ndarray, confidence: float) -> Interval:
    """The percentile interval of resampled `values` (R,); those that are not finite are skipped and counted.

    Raises:
        UndefinedError: `value` is not finite, or more than a tenth of `values` are not.
    """
    if not np.isfinite(value):
        raise UndefinedError(f"{name}: not defined on these rows (one class only, or a constant or separating score)")
    defined = values[np.isfinite(values)]
    skipped = len(values) - len(defined)
    if skipped > LARGEST_SKIPPED_SHARE * len(values):
        raise UndefinedError(
            f"{name}: not defined on {skipped} of {len(values)} resamples, because a class or group has "
            "too few rows; give more rows"
        )
    if skipped:
        log.warning("%s: %d of %d resamples do not define it and are skipped", name, skipped, len(values))
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(value=float(value), low=float(low), high=float(high))


def _check_rows(target: np.ndarray, *scores: np.ndarray) -> None:
    for score in scores:
        if len(score) != len(target) or len(target) == 0:
            raise CasebookError(f"bootstrap: {len(target)} targets and {len(score)} scores; give one of each per row")


def _resampled(
    metrics: Mapping[str, Metric],
    target: np.ndarray,
    scores: list[np.ndarray],
    resampling: Resampling,
    groups: np.ndarray | None,
) -> dict[str, list[np.ndarray]]:
    """Each metric's values (R,) for each of `scores`, all on the same resamples."""
    parts: dict[str, list[list[np.ndarray]]] = {name: [[] for _ in scores] for name in metrics}
    draws = draw_counts(len(target), resamples=resampling.resamples, seed=resampling.seed, groups=groups)
    for counts in draws:
        for name, metric in metrics.items():
            for part, score in zip(parts[name], scores, strict=True):
                part.append(_over_counts(metric, target, score, counts))
    return {name: [np.concatenate(part) for part in both] for name, both in parts.items()}


def _over_counts(metric: Metric, target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> np.ndarray:
    if isinstance(metric, CountedMetric):
        return metric.over_counts(target, score, counts)
    return np.array(
        [metric(np.repeat(target, times, axis=0), np.repeat(score, times, axis=0)) for times in counts.astype(np.intp)],
        dtype=float,
    )


def _name(metric: Metric) -> str:
    return getattr(metric, "__name__", type(metric).__name__)
