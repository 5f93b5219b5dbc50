"""What a detector is worth: metrics beside the baseline's on every split, slices, and pictures of what it finds."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from components.cases.medical_cells.params import DetectionJob, EvaluateParams
from components.cases.medical_cells.serve import read_split
from components.contracts import (
    EXTERNAL,
    LEARNER,
    MODEL,
    PREPARED_FILES,
    SELECTION,
    TEST,
    VALIDATION,
    Interval,
    Meta,
    Scores,
)
from components.evaluation.bootstrap import Resampling, intervals
from components.evaluation.detection.froc import froc
from components.evaluation.detection.matching import Matches, match
from components.evaluation.detection.metrics import counted, detection_metrics
from components.evaluation.detection.outcomes import confusion, outcome, worst_first
from components.evaluation.detection_report import figures
from components.evaluation.detection_report.boxes import Shown, sheets
from components.evaluation.detection_report.slices import (
    SENSITIVITY,
    Slice,
    TrueBoxes,
    by_class,
    by_crowding,
    by_size,
    true_boxes,
)
from components.evaluation.presentation.figures import save
from components.evaluation.scores import as_column
from components.files import write_json
from components.predictors.detection.predictor import SEGMENTATION, DetectionPredictor, open_predictor
from components.preparation.images.encoding.padding import stacked, truth
from components.preparation.images.encoding.rows import ImageRow
from components.shared.serving import bundle_below


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

    @cached_property
    def matches(self) -> Matches:
        return match(self.target, self.found[MODEL], len(self.classes))


def evaluate(job: DetectionJob, fitted: Path, out: Path) -> Sequence[Scores]:
    """Answer validation, test and, where there is one, the external split; write predictions, `analysis.json` and
    `pictures/`.
    """
    params = job.evaluate
    splits = [split for split in (VALIDATION, TEST, EXTERNAL) if is_there(job, split)]
    answered = {split: answer(job, fitted, split) for split in splits}
    for split, one in answered.items():
        _predictions(one).to_parquet(out / f"predictions-{split}.parquet", index=False)
    tables = _slices(answered[TEST], params)
    write_json(out / "analysis.json", _analysis(job, answered, params, tables))
    (out / "pictures").mkdir()
    _draw(out / "pictures", answered, params, tables)
    return [Scores(split, _intervals(one, params)) for split, one in answered.items()]


def is_there(job: DetectionJob, split: str) -> bool:
    return (job.paths.prepared(job.case) / PREPARED_FILES[split]).is_file()


def answer(job: DetectionJob, fitted: Path, split: str) -> Answered:
    """Where the learner was fitted twice, validation asks the first one: the second has learned from its images."""
    selection = fitted / SELECTION
    folder = selection if split == VALIDATION and selection.is_dir() else bundle_below(fitted)
    predictor, rows = open_predictor(folder), list(read_split(job, split))
    most = predictor.settings.most
    images = [row.decoded(predictor.spec) for row in rows]
    learner = stacked([predictor.find(image) for image in images], most)
    regions = stacked([predictor.find_regions(image) for image in images], most)
    return Answered(split, predictor, rows, truth(rows), {MODEL: learner, LEARNER: learner, SEGMENTATION: regions})


def _intervals(answered: Answered, params: EvaluateParams) -> dict[str, dict[str, Interval]]:
    metrics = detection_metrics(answered.classes, threshold=answered.least.tolist())
    return {
        name: intervals(
            metrics,
            answered.target,
            found,
            resampling=Resampling.of(params),
        )
        for name, found in answered.found.items()
    }


def _predictions(answered: Answered) -> pd.DataFrame:
    columns = {name: as_column(found) for name, found in answered.found.items()}
    return pd.DataFrame({"image": [row.name for row in answered.rows], **columns})


def _slices(answered: Answered, params: EvaluateParams) -> dict[str, list[Slice]]:
    """The share of the test images' true boxes that is found, by size, crowding and class."""
    boxes = _true_boxes(answered)
    minimum, resampling = params.min_group, Resampling.of(params)
    tables = {
        "size": by_size(boxes, params.parts, minimum=minimum, resampling=resampling),
        "boxes in the image": by_crowding(boxes, params.parts, minimum=minimum, resampling=resampling),
    }
    classes = by_class(boxes, answered.classes, minimum=minimum, resampling=resampling)
    return tables | ({"class": classes} if len(answered.classes) > 1 else {})


def _true_boxes(answered: Answered) -> TrueBoxes:
    return true_boxes(answered.matches, answered.target, answered.least)


def _analysis(
    job: DetectionJob, answered: Mapping[str, Answered], params: EvaluateParams, tables: Mapping[str, list[Slice]]
) -> dict[str, Any]:
    test, prepared = answered[TEST], Meta.read(job.paths.prepared(job.case)).data
    return {
        "protocol": prepared["protocol"],
        "thresholds": dict(zip(test.classes, test.least.tolist(), strict=True)),
        "slices": {name: [asdict(one) for one in table] for name, table in tables.items()},
        "confusion": confusion(test.target, test.found[MODEL], test.least).tolist(),
        "tables": [_data_table(prepared), _slice_table(tables, params)],
    }


def _data_table(prepared: Mapping[str, Any]) -> dict[str, Any]:
    classes = prepared["spec"]["classes"]
    rows = [[split, *(counts[name] for name in classes)] for split, counts in prepared["boxes"].items()]
    return {
        "title": "Boxes",
        "columns": ["split", *classes],
        "rows": rows,
        "note": f"Split by {prepared['protocol']}.",
    }


def _slice_table(tables: Mapping[str, list[Slice]], params: EvaluateParams) -> dict[str, Any]:
    rows = [
        [table, one.name, one.boxes, one.images, _shown(one.metrics.get(SENSITIVITY))]
        for table, found in tables.items()
        for one in found
    ]
    return {
        "title": "Slices",
        "columns": ["by", "group", "boxes", "images", SENSITIVITY],
        "rows": rows,
        "note": "The share of true boxes of the test images that is found at the confidence that serves; groups of "
        f"fewer than {params.min_group} boxes have no figure.",
    }


def _shown(value: Interval | None) -> str:
    return f"{value.value:.4f} [{value.low:.4f}, {value.high:.4f}]" if value else "too few"


def _draw(
    folder: Path, answered: Mapping[str, Answered], params: EvaluateParams, tables: Mapping[str, list[Slice]]
) -> None:
    test = answered[TEST]
    found = counted(test.matches, test.least)
    learners = {f"{MODEL}, {split}": froc(one.matches) for split, one in answered.items()}
    baseline = froc(match(test.target, test.found[SEGMENTATION], len(test.classes)))
    drawn = {
        "precision_recall": figures.precision_recall(test.matches, test.classes, test.least),
        "froc": figures.froc_curves({**learners, f"{SEGMENTATION}, {TEST}": baseline}),
        "counts": figures.counts(test.matches.true, found, test.classes),
        "confusion": figures.confusion(confusion(test.target, test.found[MODEL], test.least), test.classes),
        "slices": figures.slices(
            tables,
            overall=float(_true_boxes(test).found.mean()),
            confidence=params.confidence,
            minimum=params.min_group,
        ),
    }
    for name, figure in drawn.items():
        save(figure, folder / f"{name}.png")
    order = worst_first(test.matches, test.least)
    random = np.random.default_rng(params.seed).permutation(len(test.rows))
    _draw_boxes(folder, "worst", test, order[: params.examples], "Worst test images")
    _draw_boxes(folder, "random", test, random[: params.examples], "Test images at random")
    if EXTERNAL in answered:
        one = answered[EXTERNAL]
        places = worst_first(one.matches, one.least)[: params.examples]
        _draw_boxes(folder, EXTERNAL, one, places, "External images")


def _draw_boxes(folder: Path, name: str, answered: Answered, places: np.ndarray, title: str) -> None:
    shown = [
        Shown(
            answered.rows[place].name,
            answered.rows[place].decoded(answered.predictor.spec),
            outcome(answered.matches, answered.target, answered.found[MODEL], place, answered.least),
        )
        for place in places.tolist()
    ]
    for number, figure in enumerate(sheets(shown, answered.classes, title=title), start=1):
        save(figure, folder / f"boxes_{name}_{number}.png")
