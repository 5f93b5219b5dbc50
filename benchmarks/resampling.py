"""Bootstrap intervals of detection metrics, matched once, beside an evaluation of each resample by faster-coco-eval."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.results import Cell, Limit, Result
from components.evaluation.bootstrap import Resampling, draw_counts, intervals
from components.recipes.detection.metrics.accumulate import average_precision
from components.recipes.detection.metrics.matching import evaluate, match, present
from components.recipes.detection.metrics.metrics import detection_metrics

IMAGES, CLASSES, BOXES = 72, 3, 13
RESAMPLES, THEIRS = 1000, 5  # the library's are few, and counted up
LONGEST = 20.0


def measure(case: str, root: Path) -> Result:  # noqa: ARG001 - boxes of its own
    rows: list[list[Cell]] = []
    gaps, taken = [], []
    for most in (100, 300):
        target, score = make_boxes(most)
        ours = seconds(lambda target=target, score=score: _ours(target, score))
        counts = next(draw_counts(IMAGES, resamples=RESAMPLES, seed=0))[:THEIRS].astype(int)
        found: list[np.ndarray] = []
        theirs = seconds(
            lambda target=target, score=score, counts=counts, found=found: found.extend(
                library(np.repeat(target, times, axis=0), np.repeat(score, times, axis=0)) for times in counts
            )
        )
        again = average_precision(match(target, score, CLASSES), counts.astype(float))
        gaps.append(float(np.abs(again - np.stack(found)).max()))
        taken.append(ours)
        rows.append([most, RESAMPLES, ours, theirs / THEIRS * RESAMPLES, gaps[-1]])
    return Result(
        name="resampling",
        title="Intervals of detection metrics",
        columns=["detections an image", "resamples", "CPU-s", "CPU-s, an evaluation each", "largest gap of AP"],
        rows=rows,
        limits=[
            Limit("CPU-seconds of 1,000 resamples", max(taken), at_most=LONGEST),
            Limit("largest gap to the library's AP", max(gaps), at_most=1e-9),
        ],
        notes=[
            f"{IMAGES} images, {CLASSES} classes, {BOXES} true boxes an image; all metrics, each with its interval.",
            f"An evaluation each: {THEIRS} resamples by faster-coco-eval on repeated images, counted up; AP alone.",
        ],
    )


def make_boxes(most: int) -> tuple[np.ndarray, np.ndarray]:
    """Targets (72, 13, 5) and detections (72, `most`, 6): moved boxes and many faint ones of nothing."""
    random = np.random.default_rng(7)
    corner = random.uniform(0, 500, (IMAGES, BOXES, 2))
    boxes = np.concatenate([corner, corner + random.uniform(30, 120, (IMAGES, BOXES, 2))], axis=2)
    label = random.integers(CLASSES, size=(IMAGES, BOXES, 1))
    moved = np.concatenate([boxes + random.normal(0, 8, boxes.shape), label, random.random(label.shape)], axis=2)
    corner = random.uniform(0, 500, (IMAGES, most - BOXES, 2))
    other = random.integers(CLASSES, size=(IMAGES, most - BOXES, 1))
    faint = np.concatenate([corner, corner + 60, other, random.uniform(0, 0.3, other.shape)], axis=2)
    score = np.concatenate([moved, faint], axis=1)
    # Distinct confidences: which of two equal ones comes first differs when images are repeated.
    score[..., 5] += np.arange(score[..., 5].size).reshape(score.shape[:2]) * 1e-9
    return np.concatenate([boxes, label], axis=2), score


def library(target: np.ndarray, score: np.ndarray) -> np.ndarray:
    """(C, 10): faster-coco-eval's own average precision."""
    evaluation = evaluate(target, score, present(target), present(score), CLASSES)
    evaluation.accumulate()
    found: np.ndarray = evaluation.eval["precision"][:, :, :, 0, 0].mean(axis=1).T
    return found


def _ours(target: np.ndarray, score: np.ndarray) -> None:
    metrics = detection_metrics([str(label) for label in range(CLASSES)], threshold=0.5)
    intervals(metrics, target, score, resampling=Resampling(RESAMPLES, confidence=0.95, seed=0))


def seconds(work: Callable[[], object]) -> float:
    """CPU-seconds of `work`."""
    started = time.process_time()
    work()
    return time.process_time() - started
