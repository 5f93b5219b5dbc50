"""Report for a clinician and a reviewer: metrics, calibration, decisions, subgroups, pictures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from components.core.job import VALIDATION
from components.core.parts import Metric
from components.core.results import MODEL, Report, Scores, Table
from components.evaluation import plots
from components.evaluation.bootstrap import Resampling
from components.evaluation.report import judged_splits, score_split
from components.evaluation.scores import as_column
from components.kits.tables.encoding.convert import typed_rows
from components.recipes.shared.serving import asked_bundle, read_split
from components.recipes.survival.metrics import curves
from components.recipes.survival.metrics.censoring import Censoring
from components.recipes.survival.metrics.metrics import c_index, survival_metrics, threshold_at_specificity
from components.recipes.survival.params.params import EvaluateParams, SurvivalJob
from components.recipes.survival.report import figures, tables
from components.recipes.survival.report.calibration import Reliability, reliability
from components.recipes.survival.report.decisions import Decisions, decisions, net_benefit, net_benefit_of_all
from components.recipes.survival.report.groups import kaplan_meier, risk_groups, subgroups
from components.recipes.survival.serving.predictor import SurvivalPredictor, open_predictor
from components.recipes.survival.serving.serving import (
    OUTCOME,
    development_censoring,
    outcome_of,
)

UNRECALIBRATED = "before recalibration"
CURVE_POINTS = 99  # of a decision curve

Groups = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Answered:
    """A split's N rows, their outcome (N, 2), and by name the risks `(N, H)` of the model and of each member."""

    split: str
    rows: pd.DataFrame
    target: np.ndarray
    risks: dict[str, np.ndarray]
    blended: np.ndarray
    cumulative: np.ndarray


def report(job: SurvivalJob, fitted: Path, bundle: Path) -> Report:
    """Judge validation, test and, where there is one, the external cohort: this is the first that reads that one
    once it is prepared.
    """
    params, censoring = job.evaluate, development_censoring(job)
    predictor, selection = open_predictor(bundle), open_predictor(asked_bundle(fitted, bundle, VALIDATION))
    found = {split: answer(job, selection if split == VALIDATION else predictor, split) for split in judged_splits(job)}
    thresholds = _thresholds(job, found[VALIDATION], selection)
    scores = {split: _scores(params, predictor, one, censoring, thresholds) for split, one in found.items()}
    edges = np.quantile(found[VALIDATION].risks[MODEL][:, -1], np.arange(1, params.risk_groups) / params.risk_groups)
    judged = [one for split, one in found.items() if split != VALIDATION]
    groups = {one.split: _subgroups(params, predictor, one) for one in judged}
    decided = {one.split: _decide(params, predictor, one) for one in judged}
    told = _tables(params, predictor, judged, edges, censoring, groups)
    settings = predictor.settings
    decisions = tables.decisions_table(
        decided, settings.threshold, settings.horizons[-1], job.model.specificity, settings.decisions[0]
    )
    drawn = [_figures(params, predictor, one, edges, scores[one.split], groups[one.split]) for one in judged]
    return Report(
        scores=list(scores.values()),
        predictions={split: _predictions(predictor, one) for split, one in found.items()},
        analysis={
            "threshold": predictor.settings.threshold,
            "weights": {member.name: member.weight for member in predictor.settings.members},
            "recalibration": predictor.settings.recalibration,
            "subgroups": groups,
            "decisions": {split: asdict(one) for split, one in decided.items()},
            "tables": [asdict(table) for table in [decisions, *told]],
        },
        predicts=_predicts(predictor),
        decisions=[decisions],
        tables=told,
        notes={},
        figures={name: draw for part in drawn for name, draw in part.items()},
        pages={},
        plots=_plots(params, predictor, judged),
    )


def _predicts(predictor: SurvivalPredictor) -> str:
    *early, last = predictor.settings.horizons
    also = f", and the chance of none by {', '.join(f'{year:g}' for year in early)} years" if early else ""
    return f"the risk that the event has come by {last:g} years{also}"


def _plots(params: EvaluateParams, predictor: SurvivalPredictor, judged: Sequence[Answered]) -> dict[str, pd.DataFrame]:
    """Calibration of the served risks by each horizon that is looked at."""
    drawn = {}
    for found in judged:
        for year in params.calibrated:
            one = _reliability(params, predictor, found.target, found.risks[MODEL], year)
            drawn[f"calibration/{found.split}_{year:g}y"] = plots.curve("calibration", one.predicted, one.observed)
    return drawn


def answer(job: SurvivalJob, predictor: SurvivalPredictor, split: str) -> Answered:
    rows = read_split(job, split)
    encoded = predictor.encoder.encode(rows)
    horizons, times = predictor.settings.horizons, predictor.times
    blended = predictor.blend(encoded)
    cumulative = predictor.recalibration.apply(blended)
    members = {name: curve(encoded) for name, curve in predictor.member_curves.items()}
    risks = {name: curves.risks(horizons, times, one) for name, one in {MODEL: cumulative, **members}.items()}
    return Answered(split, rows, outcome_of(rows), risks, curves.risks(horizons, times, blended), cumulative)


def _thresholds(job: SurvivalJob, validation: Answered, predictor: SurvivalPredictor) -> dict[str, float]:
    """The served threshold, and for each member alone the one with the same specificity on validation."""
    horizon, specificity = predictor.settings.horizons[-1], job.model.specificity
    alone = {
        name: threshold_at_specificity(validation.target, risk, horizon, specificity)
        for name, risk in validation.risks.items()
    }
    return alone | {MODEL: predictor.settings.threshold}


def _predictions(predictor: SurvivalPredictor, found: Answered) -> pd.DataFrame:
    """Key, outcome, and by each name a list of the risks by the horizons."""
    key = [name for name in predictor.data["key"] if name in found.rows]
    risks = {name: as_column(risk) for name, risk in found.risks.items()}
    return pd.concat([found.rows[[*key, *OUTCOME]], pd.DataFrame(risks)], axis=1)


def _scores(
    params: EvaluateParams,
    predictor: SurvivalPredictor,
    found: Answered,
    censoring: Censoring,
    thresholds: Mapping[str, float],
) -> Scores:
    def metrics(name: str) -> Mapping[str, Metric]:
        return survival_metrics(
            horizons=predictor.settings.horizons,
            calibrated=params.calibrated,
            censoring=censoring,
            threshold=thresholds[name],
        )

    return score_split(found.split, found.target, found.risks, metrics, Resampling.of(params))


def _decide(params: EvaluateParams, predictor: SurvivalPredictor, found: Answered) -> Decisions:
    settings = predictor.settings
    risk, horizon = found.risks[MODEL][:, -1], settings.horizons[-1]
    return decisions(found.target, risk, threshold=settings.threshold, horizon=horizon, confidence=params.confidence)


def _subgroups(params: EvaluateParams, predictor: SurvivalPredictor, found: Answered) -> Groups:
    return {
        part.column: subgroups(
            found.target,
            found.risks[MODEL][:, -1],
            found.rows[part.column],
            edges=part.edges,
            horizon=predictor.settings.horizons[-1],
            minimum=params.min_group,
            measure=c_index(),
        )
        for part in params.subgroups
    }


def _tables(
    params: EvaluateParams,
    predictor: SurvivalPredictor,
    judged: Sequence[Answered],
    edges: np.ndarray,
    censoring: Censoring,
    groups: Mapping[str, Groups],
) -> list[Table]:
    settings = predictor.settings
    horizon = settings.horizons[-1]
    served = {one.split: (one.target, one.risks[MODEL][:, -1]) for one in judged}
    both = {one.split: (one.target, {"served": one.risks[MODEL], UNRECALIBRATED: one.blended}) for one in judged}
    grouped = {split: (target, risk, risk_groups(risk, edges)) for split, (target, risk) in served.items()}
    return [
        tables.calibration_table(both, settings.horizons, params.calibrated),
        tables.brier_table({one.split: (one.target, one.risks) for one in judged}, settings.horizons, censoring),
        tables.risk_group_table(grouped, _group_names(edges), horizon),
        *(tables.subgroup_table(split, group, horizon, params.min_group) for split, group in groups.items()),
        tables.net_benefit_table(served, params.net_benefit, horizon),
    ]


def _group_names(edges: np.ndarray) -> list[str]:
    """Groups by the risks between which they lie."""
    shown = [f"{edge:.0%}" for edge in edges]
    return [f"under {shown[0]}", *(f"{low} to {high}" for low, high in pairwise(shown)), f"{shown[-1]} and over"]


def _figures(
    params: EvaluateParams,
    predictor: SurvivalPredictor,
    found: Answered,
    edges: np.ndarray,
    scores: Scores,
    groups: Groups,
) -> dict[str, Callable[[], Figure]]:
    name, horizons = found.split, predictor.settings.horizons
    auc = {who: [metrics.get(f"auc@{year:g}y") for year in horizons] for who, metrics in scores.by_model.items()}
    drawn: dict[str, Callable[[], Figure]] = {
        "kaplan_meier": partial(_kaplan_meier, params, predictor, found, edges),
        "calibration": partial(_calibration, params, predictor, found),
        "decision_curve": partial(_decision_curve, predictor, found),
        "auc": partial(figures.auc_over_time, f"Time-dependent AUC, {name}", horizons, auc),
        "patients": partial(_patients, params, predictor, found),
    }
    if groups:
        overall = c_index()(found.target, found.risks[MODEL])
        title = f"C-index by subgroup, {name}"
        drawn["subgroups"] = partial(figures.by_subgroup, title, "C-index", groups, overall)
    return {f"{what}_{name}": draw for what, draw in drawn.items()}


def _kaplan_meier(params: EvaluateParams, predictor: SurvivalPredictor, found: Answered, edges: np.ndarray) -> Figure:
    group = risk_groups(found.risks[MODEL][:, -1], edges)
    years = [0.0, *predictor.settings.horizons]
    shown = [place for place in range(len(edges) + 1) if (group == place).any()]
    names = _group_names(edges)
    lines = [kaplan_meier(names[place], found.target[group == place], years, params.confidence) for place in shown]
    predicted = np.stack([np.exp(-found.cumulative[group == place]).mean(axis=0) for place in shown])
    return figures.kaplan_meier(f"Survival by predicted risk, {found.split}", lines, years, predicted, predictor.times)


def _calibration(params: EvaluateParams, predictor: SurvivalPredictor, found: Answered) -> Figure:
    panels = {}
    for year in params.calibrated:
        series = {"served": found.risks[MODEL], UNRECALIBRATED: found.blended}
        panels[f"{year:g} years"] = {
            name: _reliability(params, predictor, found.target, risk, year) for name, risk in series.items()
        }
    return figures.calibration(f"Calibration, {found.split}", panels)


def _reliability(
    params: EvaluateParams, predictor: SurvivalPredictor, target: np.ndarray, risks: np.ndarray, year: float
) -> Reliability:
    """Of risks `(N, H)` by the horizon of that year."""
    risk = risks[:, predictor.settings.horizons.index(year)]
    groups, confidence = params.calibration_groups, params.confidence
    return reliability(target, risk, horizon=year, groups=groups, confidence=confidence)


def _decision_curve(predictor: SurvivalPredictor, found: Answered) -> Figure:
    horizon = predictor.settings.horizons[-1]
    thresholds = np.linspace(0.01, 0.99, CURVE_POINTS)
    series = {
        name: net_benefit(found.target, risk[:, -1], horizon=horizon, thresholds=thresholds)
        for name, risk in found.risks.items()
    }
    everybody = net_benefit_of_all(found.target, horizon=horizon, thresholds=thresholds)
    return figures.decision_curve(
        f"Decision curve, event within {horizon:g} years, {found.split}", thresholds, series, everybody
    )


def _patients(params: EvaluateParams, predictor: SurvivalPredictor, found: Answered) -> Figure:
    """The patients at equal distances in the order of risk, from the lowest to the highest."""
    order = np.argsort(found.risks[MODEL][:, -1], kind="stable")
    chosen = order[np.linspace(0, len(order) - 1, params.patients).astype(int)]
    rows, cumulative = found.rows.iloc[chosen], found.cumulative[chosen]
    usual = np.exp(-predictor.cumulative(predictor.typical.given))[0]
    return figures.patients(
        f"Patients from the lowest to the highest risk, {found.split}",
        predictor.times,
        np.exp(-cumulative),
        usual,
        predictor.explain(typed_rows(rows, predictor.reader.columns), predictor.encoder.encode(rows), cumulative),
    )
