"""Report of a model of several classes: metrics beside the baselines', classes, slices, stability, pictures."""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from components.core.job import TEST, TRAIN, VALIDATION
from components.core.markdown import code, escaped
from components.core.recipe import recipe_of
from components.core.results import MODEL, Report, Scores
from components.evaluation import plots
from components.evaluation.bootstrap import Resampling
from components.evaluation.presentation.comparison import compared, served_beside
from components.evaluation.report import score_split
from components.evaluation.slices import Slices, as_json, slice_table, slices
from components.evaluation.stability import psi, psi_table
from components.kits.tables.encoding.spec import TARGET
from components.kits.tables.groups import group_labels
from components.kits.tables.learning.reliability import reliability
from components.kits.tables.noted import read_told, tables_told
from components.kits.tables.outcome.shares import class_shares_table
from components.recipes.multiclass.metrics.metrics import class_metrics
from components.recipes.multiclass.params import ClassesJob
from components.recipes.multiclass.report import figures
from components.recipes.multiclass.report.classes import Counts, answer_table, class_table
from components.recipes.multiclass.report.explained import explained
from components.recipes.multiclass.serving.predictor import ClassPredictor, open_predictor
from components.recipes.multiclass.serving.serving import read_split  # by the part that the stage is given
from components.recipes.shared.table_report import all_scores, predictions, records, stability_table, who_answers

log = logging.getLogger(__name__)

SLICE_METRICS = ("log_loss", "macro_f1", "accuracy")
COMPARED = {"log_loss": "log loss", "macro_f1": "macro-F1", "auc": "AUC"}  # panels of the picture `metrics`
ROWS = "rows"

Scored = Mapping[str, np.ndarray]


def report(job: ClassesJob, fitted: Path, bundle: Path) -> Report:
    """Judge the bundle on validation and test, beside each member of the fit alone."""
    params, prepared = job.evaluate, job.paths.prepared(job.case)
    asked = who_answers(fitted, bundle, open_predictor)
    predictor, _ = asked(TEST)
    frames = {split: read_split(job, split) for split in (TRAIN, VALIDATION, TEST)}
    scores = {split: all_scores(*asked(split), frames[split]) for split in (VALIDATION, TEST)}
    target, score = frames[TEST][TARGET].to_numpy(), scores[TEST][MODEL]
    metrics = class_metrics(classes=predictor.classes, bins=params.ece_bins)
    resampling = Resampling.of(params)
    judged = [
        score_split(split, frames[split][TARGET].to_numpy(), found, lambda _: metrics, resampling)
        for split, found in scores.items()
    ]
    counts = Counts.of(predictor.classes, target, score, frames[TRAIN][TARGET].to_numpy())
    _tell_rare(counts, params.min_group)
    found = {
        part.column: slices(
            {name: metrics[name] for name in SLICE_METRICS},
            target,
            score,
            group_labels(frames[TEST][part.column], part.edges),
            counted=ROWS,
            minimum=params.min_group,
            resampling=resampling,
        )
        for part in params.slices
    }
    moved = psi_table(
        frames[TRAIN],
        frames[TEST],
        list(predictor.data["spec"]["columns"]),
        bins=params.psi_bins,
        floor=params.psi_floor,
    )
    moved_answers = _moved(predictor, predictor.score(frames[TRAIN]), score, job)
    of_served = judged[-1].by_model[MODEL]
    return Report(
        scores=judged,
        predictions={split: predictions(predictor.data, frames[split], found) for split, found in scores.items()},
        analysis=_analysis(predictor, counts, found, moved_answers, moved) | read_told(prepared),
        predicts=_predicts(predictor),
        decisions=[answer_table(counts)],
        tables=[
            class_table(counts, of_served, minimum=params.min_group),
            *(_slice_table(found, name, params.min_group) for name in SLICE_METRICS[:2]),
            stability_table(moved_answers, moved),
            *tables_told(prepared, class_shares_table),
        ],
        figures=_figures(job, judged[-1], counts, target, score)
        | explained(job, predictor, frames[VALIDATION], scores[VALIDATION][MODEL]),
        plots=_plots(job, counts, target, score),
    )


def _tell_rare(counts: Counts, minimum: int) -> None:
    for name, rows, learned in zip(counts.classes, counts.rows, counts.learned, strict=True):
        if rows < minimum:
            log.warning(
                "class %s is rare: %d test rows (evaluate.min_group: %d) and %d training rows; its figures say little",
                name, rows, minimum, learned,
            )  # fmt: skip


def _moved(predictor: ClassPredictor, before: np.ndarray, after: np.ndarray, job: ClassesJob) -> float:
    """The PSI of the answered class."""
    answers = (pd.Series(predictor.told(score)["class"]) for score in (before, after))
    return psi(*answers, bins=job.evaluate.psi_bins, floor=job.evaluate.psi_floor)


def _slice_table(found: Slices, metric: str, minimum: int) -> Any:
    return slice_table(found, metric, [ROWS], f"The served model on test rows; groups under {minimum} have no figure.")


def _analysis(
    predictor: ClassPredictor, counts: Counts, found: Slices, moved_answers: float, moved: pd.DataFrame
) -> dict[str, Any]:
    return {
        "classes": list(predictor.classes),
        "weights": {member.name: member.weight for member in predictor.members},
        "calibrator": predictor.settings.calibrator["method"],
        "confusion": counts.matrix.tolist(),
        "psi_score": moved_answers,
        "psi": records(moved),
        "slices": as_json(found),
    }


def _predicts(predictor: ClassPredictor) -> str:
    column, classes = predictor.data["spec"]["target"]["column"], predictor.classes
    named = ", ".join(escaped(name) for name in classes[:-1])
    return (
        f"which of {len(classes)} classes {code(column)} is ({named} or {escaped(classes[-1])}), and how likely each is"
    )


def _figures(
    job: ClassesJob, judged: Scores, counts: Counts, target: np.ndarray, score: np.ndarray
) -> dict[str, Callable[[], Figure]]:
    """Of the test rows; everybody by the name that people know."""
    params, recipe = job.evaluate, recipe_of(job)
    panels = [compared(judged, name, recipe, label=label) for name, label in COMPARED.items()]
    by_name = {recipe.called(who): found for who, found in judged.by_model.items()}
    confidence, minimum = params.confidence, params.min_group
    return {
        "metrics": partial(
            served_beside, panels, confidence=confidence, over=ROWS, caption=f"{len(target):,} test rows."
        ),
        "confusion": partial(figures.confusion, counts),
        "calibration": partial(figures.calibration, counts, target, score, bins=params.ece_bins, confidence=confidence),
        "classes": partial(figures.by_class, counts, by_name, confidence=confidence, minimum=minimum),
    }


def _plots(job: ClassesJob, counts: Counts, target: np.ndarray, score: np.ndarray) -> dict[str, pd.DataFrame]:
    """Of the served model on the test rows: the calibration of what is answered."""
    right = (score.argmax(axis=1) == target).astype(np.float64)
    mean, rate, _, _ = reliability(right, score.max(axis=1), job.evaluate.ece_bins, job.evaluate.confidence)
    return {
        "calibration/test": plots.curve("calibration", mean, rate),
        "confusion/test": plots.confusion(counts.matrix, list(counts.classes)),
    }
