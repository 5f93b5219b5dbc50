"""Report of a two-class model: metrics beside the baselines', slices, fairness, stability, pictures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix

from components.core.job import TEST, TRAIN, VALIDATION
from components.core.markdown import code, escaped
from components.core.recipe import SERVED, recipe_of
from components.core.results import MODEL, Report, Scores, Table
from components.evaluation import plots
from components.evaluation.bootstrap import Resampling
from components.evaluation.presentation.comparison import compared, served_beside
from components.evaluation.report import score_split
from components.evaluation.stability import psi, psi_table
from components.kits.tables.encoding.spec import TARGET
from components.kits.tables.noted import read_told, told_tables
from components.recipes.binary.metrics.metrics import best_f1_threshold, binary_metrics
from components.recipes.binary.params import BinaryJob, EvaluateParams
from components.recipes.binary.report import curves, figures, tables
from components.recipes.binary.report.explained import explained
from components.recipes.binary.report.fairness import Fairness, fairness
from components.recipes.binary.report.groups import fairness_by_group
from components.recipes.binary.report.outcome import Outcome
from components.recipes.binary.report.scorecard import score_bands, slices
from components.recipes.binary.serving.predictor import TablePredictor, open_predictor
from components.recipes.binary.serving.serving import read_split
from components.recipes.shared.table_report import all_scores, predictions, records, stability_table, who_answers

SLICE_METRICS = ("auc", "ks", "brier")
COMPARED = {"auc": "ROC-AUC", "ks": "KS", "brier": "Brier score"}  # panels of the picture `metrics`

Scored = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Found:
    """What was found on the test rows beside the metrics: see `scorecard`, `fairness` and `stability`."""

    bands: pd.DataFrame
    groups: list[Fairness]
    psi_score: float
    psi_columns: pd.DataFrame
    slices: dict[str, pd.DataFrame]


def report(job: BinaryJob, fitted: Path, bundle: Path) -> Report:
    """Judge the bundle on validation and test, beside each member of the fit alone."""
    params = job.evaluate
    asked = who_answers(fitted, bundle, open_predictor)
    predictor, _ = asked(TEST)
    frames = {split: read_split(job, split) for split in (TRAIN, VALIDATION, TEST)}
    scores = {split: all_scores(*asked(split), frame) for split, frame in frames.items()}
    thresholds = _thresholds(predictor, frames[VALIDATION], scores[VALIDATION])
    found, outcome = _find(predictor, params, frames, scores), Outcome.of(predictor)
    drawn = outcome.for_pictures()
    judged = [
        score_split(
            split,
            frames[split][TARGET].to_numpy(),
            scores[split],
            lambda name: binary_metrics(threshold=thresholds[name], bins=params.ece_bins),
            Resampling.of(params),
        )
        for split in (VALIDATION, TEST)
    ]
    return Report(
        scores=judged,
        predictions={split: predictions(predictor.data, frames[split], scores[split]) for split in (VALIDATION, TEST)},
        analysis=_analysis(predictor, found) | read_told(job.paths.prepared(job.case)),
        predicts=_predicts(outcome),
        decisions=[_decided(predictor, outcome, frames[TEST][TARGET].to_numpy(), scores[TEST][MODEL])],
        tables=[
            *_tables(predictor, outcome, params, found),
            *told_tables(job.paths.prepared(job.case), outcome.positive),
        ],
        notes={},
        figures=_figures(job, judged[-1], scores[TEST], predictor.settings.threshold, found, frames[TEST], drawn)
        | explained(job, predictor, frames, {split: found[MODEL] for split, found in scores.items()}, drawn),
        pages={},
        plots=_plots(params, predictor.settings.threshold, frames[TEST][TARGET].to_numpy(), scores[TEST][MODEL]),
    )


def _plots(params: EvaluateParams, threshold: float, target: np.ndarray, score: np.ndarray) -> dict[str, pd.DataFrame]:
    """Of the served model on the test rows."""
    mean, rate, _, _ = figures.reliability(target, score, params.ece_bins, params.confidence)
    return {
        "roc/test": plots.roc(target, score),
        "precision_recall/test": plots.precision_recall(target, score),
        "calibration/test": plots.curve("calibration", mean, rate),
        "confusion/test": plots.confusion(confusion_matrix(target, score >= threshold), ["negative", "positive"]),
    }


def _thresholds(predictor: TablePredictor, validation: pd.DataFrame, scores: Scored) -> dict[str, float]:
    """The served threshold, and for each member alone the one that is best on validation."""
    target = validation[TARGET].to_numpy()
    alone = {name: best_f1_threshold(target, score) for name, score in scores.items() if name != MODEL}
    return {MODEL: predictor.settings.threshold, **alone}


def _find(
    predictor: TablePredictor,
    params: EvaluateParams,
    frames: Mapping[str, pd.DataFrame],
    scores: Mapping[str, Scored],
) -> Found:
    train, test, score = frames[TRAIN], frames[TEST], scores[TEST][MODEL]
    target, settings = test[TARGET].to_numpy(), predictor.settings
    chosen = {name: binary_metrics(threshold=0.5, bins=params.ece_bins)[name] for name in SLICE_METRICS}
    columns, bins, floor = list(predictor.data["spec"]["columns"]), params.psi_bins, params.psi_floor
    return Found(
        bands=score_bands(target, score, np.array(settings.bands), confidence=params.confidence),
        groups=compare_groups(test, score >= settings.threshold, params),
        psi_score=psi(scores[TRAIN][MODEL], score, bins=bins, floor=floor),
        psi_columns=psi_table(train, test, columns, bins=bins, floor=floor),
        slices={
            part.column: slices(chosen, target, score, test[part.column], edges=part.edges, minimum=params.min_group)
            for part in params.slices
        },
    )


def compare_groups(rows: pd.DataFrame, over: np.ndarray, params: EvaluateParams) -> list[Fairness]:
    """The second decision by each sensitive column; `over (N,)` says which rows have the first."""
    return [
        fairness(
            rows[TARGET].to_numpy(),
            ~over,
            rows[sensitive.column],
            edges=sensitive.edges,
            minimum=params.min_group,
            resampling=Resampling.of(params),
        )
        for sensitive in params.sensitive
    ]


def _analysis(predictor: TablePredictor, found: Found) -> dict[str, Any]:
    return {
        "threshold": predictor.settings.threshold,
        "weights": {member.name: member.weight for member in predictor.settings.members},
        "calibrator": predictor.settings.calibrator["method"],
        "bands": records(found.bands),
        "psi_score": found.psi_score,
        "psi": records(found.psi_columns),
        "fairness": [group.to_json() for group in found.groups],
        "slices": {column: records(table) for column, table in found.slices.items()},
    }


def _predicts(outcome: Outcome) -> str:
    positive, negative = escaped(outcome.positive), escaped(outcome.negative)
    return f"the probability that {code(outcome.column)} is {positive} and not {negative}"


def _decided(predictor: TablePredictor, outcome: Outcome, target: np.ndarray, score: np.ndarray) -> Table:
    threshold = predictor.settings.threshold
    counts = confusion_matrix(target, score >= threshold, labels=[0, 1])
    return tables.confusion_table(counts, outcome=outcome, threshold=threshold)


def _tables(predictor: TablePredictor, outcome: Outcome, params: EvaluateParams, found: Found) -> list[Table]:
    return [
        *(tables.decision_table(one, outcome=outcome) for one in found.groups),
        tables.band_table(found.bands, outcome=outcome, calibrator=predictor.settings.calibrator["method"]),
        tables.slice_table(found.slices, SLICE_METRICS, outcome=outcome, minimum=params.min_group),
        stability_table(found.psi_score, found.psi_columns),
    ]


def _figures(
    job: BinaryJob,
    judged: Scores,
    scores: Scored,
    threshold: float,
    found: Found,
    test: pd.DataFrame,
    outcome: Outcome,
) -> dict[str, Callable[[], Figure]]:
    """Of the test rows; everybody by the name that people know."""
    params, recipe, target = job.evaluate, recipe_of(job), test[TARGET].to_numpy()
    series = {recipe.called(who): (target, score) for who, score in scores.items()}
    served = {SERVED: series[SERVED]}
    resampling = Resampling.of(params)
    panels = [compared(judged, name, recipe, label=label) for name, label in COMPARED.items()]
    return {
        "metrics": partial(
            served_beside, panels, confidence=params.confidence, over="rows", caption=f"{len(test):,} test rows."
        ),
        "roc": partial(curves.roc, series, outcome=outcome, threshold=threshold, resampling=resampling),
        "precision_recall": partial(
            curves.precision_recall, series, outcome=outcome, threshold=threshold, resampling=resampling
        ),
        "calibration": partial(
            figures.calibration,
            series,
            outcome=outcome,
            bins=params.ece_bins,
            confidence=params.confidence,
            threshold=threshold,
        ),
        "ks": partial(figures.ks_curve, served, outcome=outcome, threshold=threshold),
        "score_bands": partial(figures.score_bands, found.bands, outcome=outcome, threshold=threshold),
        **{f"fairness_{one.column.lower()}": partial(fairness_by_group, one, outcome=outcome) for one in found.groups},
    }
