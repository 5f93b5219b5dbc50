"""Report of a detector: metrics beside the baseline's on every split, slices, and pictures of what it finds."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from components.core.job import TEST, VALIDATION, Meta
from components.core.markdown import escaped
from components.core.results import MODEL, Cell, Report, Table
from components.evaluation import plots
from components.evaluation.bootstrap import Resampling
from components.evaluation.report import judged_splits, score_split
from components.evaluation.scores import as_column
from components.evaluation.slices import Slice, Slices, as_json, slice_table
from components.recipes.detection.metrics.outcomes import by_label, confusion
from components.recipes.detection.params.params import DetectionJob, EvaluateParams
from components.recipes.detection.report import figures
from components.recipes.detection.report.answered import Answered, answer
from components.recipes.detection.report.pictures import pictures, sheets_of_boxes
from components.recipes.detection.report.slices import (
    SENSITIVITY,
    by_class,
    by_crowding,
    by_size,
)
from components.recipes.shared.serving import asked_bundle


def report(job: DetectionJob, fitted: Path, bundle: Path) -> Report:
    """Judge validation, test and, where there is one, the external split."""
    params, resampling = job.evaluate, Resampling.of(job.evaluate)
    prepared = Meta.read(job.paths.prepared(job.case)).data
    answered = {split: answer(job, asked_bundle(fitted, bundle, split), split) for split in judged_splits(job)}
    test = answered[TEST]
    slices, taken = _slices(test, params), confusion(test.target, test.found[MODEL], test.least)
    tables = [_data_table(prepared), _slice_table(slices, params), *_told_tables(prepared)]
    scores = [score_split(split, one.target, one.found, one.metrics, resampling) for split, one in answered.items()]
    return Report(
        scores=scores,
        predictions={split: _predictions(one) for split, one in answered.items()},
        analysis={
            "thresholds": dict(zip(test.classes, test.least.tolist(), strict=True)),
            "slices": as_json(slices),
            "confusion": taken.tolist(),
            "tables": [asdict(table) for table in tables],
        },
        predicts=f"boxes around each {' or '.join(map(escaped, test.classes))} in an image, each with a confidence",
        decisions=[_decision_table(answered)],
        tables=[*tables, _confusion_table(taken, test.classes)],
        notes={"protocol": prepared["protocol"]},
        figures=pictures(job, answered, scores, slices, taken) | sheets_of_boxes(answered, params),
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


def _predictions(answered: Answered) -> pd.DataFrame:
    columns = {name: as_column(found) for name, found in answered.found.items()}
    return pd.DataFrame({"image": [row.name for row in answered.rows], **columns})


def _slices(answered: Answered, params: EvaluateParams) -> dict[str, list[Slice]]:
    """The share of the test images' true boxes that is found, by size, crowding and class."""
    boxes = answered.boxes
    options = {"minimum": params.min_group, "resampling": Resampling.of(params)}
    slices = {
        "size": by_size(boxes, params.parts, **options),
        "boxes in the image": by_crowding(boxes, params.parts, **options),
    }
    return slices | ({"class": by_class(boxes, answered.classes, **options)} if len(answered.classes) > 1 else {})


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


def _told_tables(prepared: Mapping[str, Any]) -> list[Table]:
    """What the reader of the annotations passes on of them, if anything."""
    rows: list[list[Cell]] = [[line] for line in prepared.get("told", [])]
    note = "A key of the block settles each: docs/images.md names them."
    return [Table("Told when the annotations were read", ["what"], rows, note)] if rows else []


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
