"""Report of a model of a number: metrics beside the baselines', intervals, errors, slices, stability, pictures."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from components.core.job import TEST, TRAIN, VALIDATION
from components.core.markdown import code
from components.core.recipe import recipe_of
from components.core.results import MODEL, Report, Scores
from components.core.written import written
from components.evaluation import plots
from components.evaluation.bootstrap import Resampling
from components.evaluation.presentation.comparison import compared, served_beside
from components.evaluation.report import score_split
from components.evaluation.slices import Slices, as_json, slice_table, slices
from components.evaluation.stability import psi, psi_table
from components.kits.tables.encoding.spec import TARGET
from components.kits.tables.groups import group_labels
from components.kits.tables.noted import read_told, tables_told
from components.kits.tables.outcome.shares import number_shares_table
from components.recipes.regression.metrics.metrics import regression_metrics, rmse
from components.recipes.regression.params import EvaluateParams, RegressionJob
from components.recipes.regression.report import figures, intervals
from components.recipes.regression.report.explained import explained
from components.recipes.regression.serving.predictor import NumberPredictor, open_predictor
from components.recipes.regression.serving.serving import read_split  # by the part that the stage is given
from components.recipes.shared.table_report import predictions, records, stability_table, who_answers

COMPARED = ("rmse", "mae", "width")  # panels of the picture `metrics`
JUDGED = (VALIDATION, TEST)

Scored = Mapping[str, np.ndarray]


def report(job: RegressionJob, fitted: Path, bundle: Path) -> Report:
    """Judge the bundle on validation and test, beside each member of the fit alone."""
    params, predictor = job.evaluate, open_predictor(bundle)
    coverage, name = predictor.settings.intervals.coverage, str(predictor.data["spec"]["target"]["column"])
    frames = {split: read_split(job, split) for split in (TRAIN, VALIDATION, TEST)}
    asked = who_answers(fitted, bundle, open_predictor)
    scores = {split: all_scores(*asked(split), frames[split]) for split in JUDGED}
    metrics = regression_metrics(coverage=coverage)
    judged = [
        score_split(split, targets(frames[split]), scores[split], lambda _: metrics, Resampling.of(params))
        for split in JUDGED
    ]
    target, served = targets(frames[TEST]), scores[TEST][MODEL]
    groups = {part.column: group_labels(frames[TEST][part.column], part.edges) for part in params.slices}
    found = slice_figures(target, served, groups, params)
    held = intervals.covered_by(
        target,
        served,
        groups | _own_groups(predictor, frames[TEST]),
        minimum=params.min_group,
        confidence=params.confidence,
    )
    moved = _stability(predictor, params, frames, served)
    mean, true = figures.by_tenths(target, served)
    return Report(
        scores=judged,
        predictions={split: predictions(predictor.data, frames[split], scores[split]) for split in JUDGED},
        analysis=_analysis(predictor, found, moved) | read_told(job.paths.prepared(job.case)),
        predicts=f"{code(name)}, a number, and an interval that holds {coverage:.0%} of such rows",
        decisions=[intervals.decided_table(held, stated=coverage)],
        tables=[
            intervals.coverage_table(held, stated=coverage, minimum=params.min_group),
            slice_table(found, "rmse", ["rows"], f"The served model on test rows; of {params.min_group} and more."),
            stability_table(*moved),
            *tables_told(job.paths.prepared(job.case), number_shares_table),
        ],
        figures=_figures(job, judged[-1], target, served, held, name)
        | explained(job, predictor, frames, {split: found[MODEL] for split, found in scores.items()}, name),
        plots={"calibration/test": plots.curve("calibration", mean, true)},
    )


def targets(frame: pd.DataFrame) -> np.ndarray:
    return frame[TARGET].to_numpy(np.float64)


def all_scores(predictor: NumberPredictor, members: NumberPredictor, frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Scores `(N, 3)` by name: what is served as `model`, then each of the `members` alone, uncorrected."""
    encoded = members.encoder.encode(frame)
    alone = {one.name: members.score_alone(one.name, encoded) for one in members.members}
    return {MODEL: predictor.score(frame), **alone}


def slice_figures(
    target: np.ndarray, answer: np.ndarray, groups: Mapping[str, pd.Categorical], params: EvaluateParams
) -> Slices:
    """The RMSE of each group (N,), with its interval."""
    return {
        by: slices(
            {"rmse": rmse},
            target,
            answer,
            labels,
            counted="rows",
            minimum=params.min_group,
            resampling=Resampling.of(params),
        )
        for by, labels in groups.items()
    }


def _own_groups(predictor: NumberPredictor, test: pd.DataFrame) -> dict[str, pd.Categorical]:
    """The classes that have intervals of their own."""
    by = predictor.settings.intervals.by
    return {} if by is None else {by: group_labels(test[by])}


def _stability(
    predictor: NumberPredictor, params: EvaluateParams, frames: Mapping[str, pd.DataFrame], served: np.ndarray
) -> tuple[float, pd.DataFrame]:
    """PSI of the values told, of training rows beside test rows, and of each column."""
    train, test, columns = frames[TRAIN], frames[TEST], list(predictor.data["spec"]["columns"])
    bins, floor = params.psi_bins, params.psi_floor
    told = psi(predictor.score(train)[:, 0], served[:, 0], bins=bins, floor=floor)
    return told, psi_table(train, test, columns, bins=bins, floor=floor)


def _analysis(predictor: NumberPredictor, found: Slices, moved: tuple[float, pd.DataFrame]) -> dict[str, Any]:
    settings = predictor.settings
    return {
        "weights": {member.name: member.weight for member in settings.members},
        "calibration": settings.calibration.model_dump(mode="json"),
        "intervals": {"coverage": settings.intervals.coverage, "method": settings.intervals.method},
        "psi_value": moved[0],
        "psi": records(moved[1]),
        "slices": as_json(found),
    }


def _figures(
    job: RegressionJob,
    judged: Scores,
    target: np.ndarray,
    served: np.ndarray,
    held: intervals.Groups,
    name: str,
) -> dict[str, Callable[[], Figure]]:
    """Of the test rows."""
    params, recipe, stated = job.evaluate, recipe_of(job), job.model.intervals.coverage
    panels = [compared(judged, metric, recipe, shown=written) for metric in COMPARED]
    caption = f"{len(target):,} test rows, in units of {name}."
    return {
        "metrics": partial(served_beside, panels, confidence=params.confidence, over="rows", caption=caption),
        "told_and_true": partial(figures.told_and_true, target, served, name=name, coverage=stated),
        "errors": partial(figures.errors_by_value, target, served, name=name),
        "coverage": partial(intervals.coverage_picture, held, stated=stated, confidence=params.confidence),
    }
