"""Every variant of a model beside the uncompressed one: size, speed, metrics and what they lose."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from components.compression.measure import Speed, Variant, folder_bytes, measure_speed
from components.core.job import TEST, VALIDATION, Job
from components.core.parts import Metric
from components.core.recipe import Recipe
from components.core.results import Answers, Interval
from components.evaluation.bootstrap import Resampling, intervals, paired_difference
from components.evaluation.gaps import largest_gap


def compare(job: Job, recipe: Recipe, folders: Mapping[str, Path]) -> list[Variant]:
    """Measure each bundle; the first is the one that the others are held against."""
    found: list[Variant] = []
    for name, folder in folders.items():
        answers = {split: recipe.serving.answers(job, folder, split) for split in (VALIDATION, TEST)}
        found.append(_measure(job, recipe, name, folder, answers, found[0].answers if found else answers))
    return found


def _measure(
    job: Job, recipe: Recipe, name: str, folder: Path, found: Mapping[str, Answers], reference: Mapping[str, Answers]
) -> Variant:
    params, metrics = job.params.compress, recipe.serving.metrics(job, folder)
    gap = largest_gap(found[TEST].score, reference[TEST].score)
    return Variant(
        name=name,
        bytes=folder_bytes(folder),
        speed=measure_speed(
            recipe.serving.answer_rows(job, folder), rows=params.latency_rows, repeats=params.latency_repeats
        ),
        loss=_loss(job, recipe, metrics[recipe.primary], reference[VALIDATION], found[VALIDATION]),
        # By the resamples of evaluate, which judges the picked one: it finds these very figures.
        test=intervals(metrics, found[TEST].target, found[TEST].score, resampling=Resampling.of(job.evaluate)),
        largest_difference=gap if math.isfinite(gap) else None,
        answers=found,
    )


def _loss(job: Job, recipe: Recipe, metric: Metric, reference: Answers, found: Answers) -> Interval:
    """How much worse the primary metric is on validation, with its paired interval; of a relative one as a share."""
    first, second = (reference.score, found.score)
    if recipe.primary in recipe.lower_is_better:
        first, second = second, first
    resampling = Resampling.of(job.params.compress)
    difference = paired_difference(metric, found.target, first, second, resampling=resampling)
    # Of a metric in units of the data no number of a params file could say what is much: a share of it can.
    unit = abs(float(metric(reference.target, reference.score))) if recipe.relative else 1.0
    return Interval(difference.value / unit, difference.low / unit, difference.high / unit)


def variant_row(variant: Variant) -> dict[str, Any]:
    """A variant as it stands in `metrics.json`: its test metrics beside its size and speed."""
    speed: Speed = variant.speed
    return {
        "name": variant.name,
        "bytes": variant.bytes,
        **asdict(speed),
        "loss_on_validation": asdict(variant.loss),
        "largest_difference": variant.largest_difference,
        **{name: asdict(value) for name, value in variant.test.items()},
    }
