"""Report of a detector: metrics beside the baseline's on every split, slices, and pictures of what it finds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from components.core.job import EXTERNAL, TEST, VALIDATION, Meta
from components.core.parts import Metric
from components.core.results import LEARNER, MODEL, Cell, Report, Table
from components.evaluation import plots
from components.evaluation.bootstrap import Resampling
from components.evaluation.report import judged_splits, score_split
from components.evaluation.scores import as_column
from components.evaluation.slices import Slice, Slices, as_json, slice_table
from components.recipes.detection.encoding.padding import stacked, truth
from components.recipes.detection.encoding.rows import ImageRow
from components.recipes.detection.metrics.froc import froc
from components.recipes.detection.metrics.matching import Matches, match
from components.recipes.detection.metrics.metrics import counted, detection_metrics
from components.recipes.detection.metrics.outcomes import by_label, confusion, outcome, worst_first
from components.recipes.detection.params.params import DetectionJob, EvaluateParams
from components.recipes.detection.report import figures
from components.recipes.detection.report.boxes import Shown, sheets
from components.recipes.detection.report.slices import (
    SENSITIVITY,
    TrueBoxes,
    by_class,
    by_crowding,
    by_size,
    true_boxes,
)
from components.recipes.detection.serving.predictor import SEGMENTATION, DetectionPredictor, open_predictor
from components.recipes.detection.serving.serving import read_split
from components.recipes.shared.serving import asked_bundle


@dataclass(frozen=True)
class Answered:
    """A split's N images, their true boxes (N, T, 5) and what each detector found (N, K, 6)."""

    split: str
    predictor: DetectionPredictor
    rows: list[ImageRow]
    target: np.ndarray
    found: dict[str, np.ndarray]

    @property
    def classes(self) -> tuple[str, ...]:
        return self.predictor.spec.classes

    @property
    def least(self) -> np.ndarray:
        """The confidence (C,) from which boxes of a class are served."""
        return np.array(self.predictor.settings.thresholds)

    def shown(self, place: int) -> Shown:
        """The image at a place, and what became of its boxes."""
        row = self.rows[place]
        found = outcome(self.matches, self.target, self.found[MODEL], place, self.least)
        return Shown(row.name, row.decoded(self.predictor.spec), found)

    def metrics(self, name: str) -> Mapping[str, Metric]:  # noqa: ARG002 - all are asked at the same confidences
        return detection_metrics(self.classes, threshold=self.least.tolist())

    @cached_property
    def matches(self) -> Matches:
        return match(self.target, self.found[MODEL], len(self.classes))


def report(job: DetectionJob, fitted: Path, bundle: Path) -> Report:
    """Judge validation, test and, where there is one, the external split."""
    params, resampling = job.evaluate, Resampling.of(job.evaluate)
    prepared = Meta.read(job.paths.prepared(job.case)).data
    answered = {split: answer(job, asked_bundle(fitted, bundle, split), split) for split in judged_splits(job)}
    test = answered[TEST]
    slices, taken = _slices(test, params), confusion(test.target, test.found[MODEL], test.least)
    tables = [_data_table(prepared), _slice_table(slices, params)]
    return Report(
        scores=[score_split(split, one.target, one.found, one.metrics, resampling) for split, one in answered.items()],
        predictions={split: _predictions(one) for split, one in answered.items()},
        analysis={
            "thresholds": dict(zip(test.classes, test.least.tolist(), strict=True)),
            "slices": as_json(slices),
            "confusion": taken.tolist(),
            "tables": [asdict(table) for table in tables],
        },
        predicts=f"boxes around each {' or '.join(test.classes)} in an image, each with a confidence",
        decisions=[_decision_table(answered)],
        tables=[*tables, _confusion_table(taken, test.classes)],
        notes={"protocol": prepared["protocol"]},
        figures=_figures(answered, params, slices, taken) | _boxes(answered, params),
        pages={},
        plots=_plots(test, taken),
    )


def _plots(test: Answered, taken: np.ndarray) -> dict[str, pd.DataFrame]:
    """Precision and recall of each class that there is at IoU 0.5, and which class is taken for which."""
    drawn = {
        f"precision_recall/{plots.file_name(name)}": plots.curve("precision_recall", recall, precision)
        for name, (recall, precision) in figures.precision_and_recall(test.matches, test.classes).items()
    }
    return drawn | {"confusion/test": plots.confusion(taken, [*test.classes, "none"])}


def answer(job: DetectionJob, bundle: Path, split: str) -> Answered:
    predictor, rows = open_predictor(bundle), list(read_split(job, split))
    most = predictor.settings.most
    images = [row.decoded(predictor.spec) for row in rows]
    learner = stacked([predictor.find(image) for image in images], most)
    regions = stacked([predictor.find_regions(image) for image in images], most)
    return Answered(split, predictor, rows, truth(rows), {MODEL: learner, LEARNER: learner, SEGMENTATION: regions})


def _predictions(answered: Answered) -> pd.DataFrame:
    columns = {name: as_column(found) for name, found in answered.found.items()}
    return pd.DataFrame({"image": [row.name for row in answered.rows], **columns})


def _slices(answered: Answered, params: EvaluateParams) -> dict[str, list[Slice]]:
    """The share of the test images' true boxes that is found, by size, crowding and class."""
    boxes = _true_boxes(answered)
    options = {"minimum": params.min_group, "resampling": Resampling.of(params)}
    slices = {
        "size": by_size(boxes, params.parts, **options),
        "boxes in the image": by_crowding(boxes, params.parts, **options),
    }
    return slices | ({"class": by_class(boxes, answered.classes, **options)} if len(answered.classes) > 1 else {})


def _true_boxes(answered: Answered) -> TrueBoxes:
    return true_boxes(answered.matches, answered.target, answered.least)


def _decision_table(answered: Mapping[str, Answered]) -> Table:
    """What is found, missed and false of each class, on the splits that chose no confidence."""
    rows: list[list[Cell]] = []
    for split, one in answered.items():
        if split == VALIDATION:
            continue
        true, found, false = by_label(one.matches, one.least)
        for label, name in enumerate(one.classes):
            drawn = int(found[label] + false[label])
            rows.append(
                [
                    *(split, name, float(one.least[label]), int(true[label]), int(found[label])),
                    *(int(true[label] - found[label]), int(false[label])),
                    float(found[label] / true[label]) if true[label] else None,
                    float(found[label] / drawn) if drawn else None,
                ]
            )
    return Table(
        "Decisions at the confidence that serves",
        ["split", "class", "from", "true boxes", "found", "missed", "false", "sensitivity", "precision"],
        rows,
        "A box is served at its class's confidence or more: that with the highest F1 on validation images. It is found "
        "where a served box of its class overlaps it by half (IoU 0.5); a served box that finds none is false.",
    )


def _data_table(prepared: Mapping[str, Any]) -> Table:
    classes = prepared["spec"]["classes"]
    rows = [[split, *(counts[name] for name in classes)] for split, counts in prepared["boxes"].items()]
    return Table("Boxes", ["split", *classes], rows, f"Split by {prepared['protocol']}.")


def _slice_table(slices: Slices, params: EvaluateParams) -> Table:
    return slice_table(
        slices,
        SENSITIVITY,
        ["boxes", "images"],
        "The share of true boxes of the test images that is found at the confidence that serves; groups of "
        f"fewer than {params.min_group} boxes have no figure.",
    )


def _confusion_table(taken: np.ndarray, classes: Sequence[str]) -> Table:
    """Background that is found as background is not counted."""
    nowhere = len(classes)
    rows: list[list[Cell]] = [
        [name, *(None if row == column == nowhere else int(taken[row, column]) for column in range(nowhere + 1))]
        for row, name in enumerate([*classes, "nothing there"])
    ]
    return Table(
        "Which class is taken for which",
        ["true class", *classes, "missed"],
        rows,
        "Boxes of the test images by the class they were detected as, at the confidence that serves and IoU 0.5.",
    )


def _figures(
    answered: Mapping[str, Answered], params: EvaluateParams, slices: Slices, taken: np.ndarray
) -> dict[str, Callable[[], Figure]]:
    test = answered[TEST]
    learners = {f"{MODEL}, {split}": froc(one.matches) for split, one in answered.items()}
    baseline = froc(match(test.target, test.found[SEGMENTATION], len(test.classes)))
    curves = {**learners, f"{SEGMENTATION}, {TEST}": baseline}
    return {
        "precision_recall": partial(figures.precision_recall, test.matches, test.classes, test.least),
        "froc": partial(figures.froc_curves, curves),
        "counts": partial(figures.counts, test.matches.true, counted(test.matches, test.least), test.classes),
        "confusion": partial(figures.confusion, taken, test.classes),
        "slices": partial(
            figures.slices,
            slices,
            overall=float(_true_boxes(test).found.mean()),
            confidence=params.confidence,
            minimum=params.min_group,
        ),
    }


def _boxes(answered: Mapping[str, Answered], params: EvaluateParams) -> dict[str, Callable[[], Figure]]:
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
