"""Pictures of a report: each is drawn of what was found when it is called."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from components.core.job import EXTERNAL, TEST, VALIDATION
from components.core.recipe import SERVED, recipe_of
from components.core.results import Scores
from components.evaluation.presentation.comparison import compared, served_beside
from components.evaluation.slices import Slices
from components.recipes.detection.metrics.froc import froc
from components.recipes.detection.metrics.matching import match
from components.recipes.detection.metrics.metrics import counted
from components.recipes.detection.metrics.outcomes import worst_first
from components.recipes.detection.params.params import PRIMARY, DetectionJob, EvaluateParams
from components.recipes.detection.report import figures
from components.recipes.detection.report.answered import Answered
from components.recipes.detection.report.boxes import sheets
from components.recipes.detection.serving.predictor import SEGMENTATION


def pictures(
    job: DetectionJob, answered: Mapping[str, Answered], scores: Sequence[Scores], slices: Slices, taken: np.ndarray
) -> dict[str, Callable[[], Figure]]:
    params, recipe, test = job.evaluate, recipe_of(job), answered[TEST]
    served = {f"{SERVED}, {split}": froc(answered[split].matches) for split in (TEST, EXTERNAL) if split in answered}
    baseline = froc(match(test.target, test.found[SEGMENTATION], len(test.classes)))
    curves = {**served, f"{recipe.called(SEGMENTATION)}, {TEST}": baseline}
    panels = [
        compared(one, metric, recipe, label=f"{label}, {one.split}")
        for metric, label in ((PRIMARY, "mAP"), ("map50", "mAP at IoU 0.5"))
        for one in scores
        if one.split != VALIDATION
    ]
    return {
        "metrics": partial(
            served_beside,
            panels[:3],
            confidence=params.confidence,
            over="images",
            caption="mAP: mean average precision over IoU 0.5 to 0.95.",
        ),
        "precision_recall": partial(figures.precision_recall, test.matches, test.classes, test.least),
        "froc": partial(figures.froc_curves, curves),
        "counts": partial(figures.counts, test.matches.true, counted(test.matches, test.least), test.classes),
        "confusion": partial(figures.confusion, taken, test.classes),
        "slices": partial(
            figures.slices,
            slices,
            overall=float(test.boxes.found.mean()),
            confidence=params.confidence,
            minimum=params.min_group,
        ),
    }


def sheets_of_boxes(answered: Mapping[str, Answered], params: EvaluateParams) -> dict[str, Callable[[], Figure]]:
    """Sheets of images with what was found in them: the worst, some at random, and external ones."""
    test = answered[TEST]
    random = np.random.default_rng(params.seed).permutation(len(test.rows))
    shown = {
        "worst": (test, worst_first(test.matches, test.least), "Worst test images"),
        "random": (test, random, "Test images at random"),
    }
    if EXTERNAL in answered:
        one = answered[EXTERNAL]
        shown[EXTERNAL] = (one, worst_first(one.matches, one.least), "External images")
    return {
        f"boxes_{name}_{number}": draw
        for name, (one, order, title) in shown.items()
        for number, draw in enumerate(
            sheets(order[: params.examples].tolist(), one.shown, one.classes, title=title), start=1
        )
    }
