"""Size and speed of a bundle as it is served, and the pick among variants."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from components.core.results import Answers, Interval

BATCHES = 3  # the first of them is the slowest, and of three the median is another


@dataclass(frozen=True)
class Speed:
    """Latency of one row in milliseconds, and rows a second in batches: of whole answers, from what a client sends to
    what it gets.
    """

    p50_ms: float
    p99_ms: float
    per_s: float


@dataclass(frozen=True)
class Variant:
    """One way to serve the model: bytes of its folder, its speed, its metrics and what they lose.

    `loss` is by how much the primary metric is worse than the uncompressed model's on the same
    validation rows; `test` holds the metrics on the test split, which decide nothing.
    `largest_difference` is None where answers differ in number, as boxes do. `answers` are those to both splits.
    """

    name: str
    bytes: int
    speed: Speed
    loss: Interval
    test: dict[str, Interval]
    largest_difference: float | None
    answers: Mapping[str, Answers] = field(repr=False, compare=False)


def folder_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def measure_speed(answer: Callable[[int], object], *, rows: int, repeats: int) -> Speed:
    """`answer(n)` answers n rows; one row is timed `repeats` times, `rows` of them `BATCHES` times."""
    answer(1)  # opens what answers
    single = [_seconds(answer, 1) for _ in range(repeats)]
    batch = np.median([_seconds(answer, rows) for _ in range(BATCHES)])
    p50, p99 = np.percentile(single, [50, 99]) * 1000
    return Speed(p50_ms=float(p50), p99_ms=float(p99), per_s=float(rows / batch))


def _seconds(answer: Callable[[int], object], count: int) -> float:
    started = time.perf_counter()
    answer(count)
    return time.perf_counter() - started


def pick(variants: list[Variant], max_metric_drop: float) -> Variant:
    """The smallest variant whose loss is at most `max_metric_drop`; the first, uncompressed one always is."""
    return min((variant for variant in variants if variant.loss.value <= max_metric_drop), key=lambda v: v.bytes)
