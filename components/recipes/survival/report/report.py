"""Report for a clinician and a reviewer: metrics, calibration, decisions, subgroups, pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from components.core.job import TEST, VALIDATION
from components.core.parts import Metric
from components.core.recipe import SERVED, recipe_of
from components.core.results import MODEL, Report, Scores, Table
from components.evaluation import plots
from components.evaluation.bootstrap import Resampling
from components.evaluation.report import judged_splits, score_split
from components.evaluation.scores import as_column
from components.kits.survival.blocks import EvaluateParams
from components.kits.survival.cohort import outcome_columns
from components.kits.survival.metrics.censoring import Censoring
from components.kits.survival.metrics.states import threshold_at_specificity
from components.kits.survival.report.decisions import Decisions, decisions
from components.kits.survival.report.groups import group_names, risk_groups, subgroups
from components.kits.survival.report.tables import decisions_table, subgroup_table
from components.kits.survival.units import SHORT
from components.kits.tables.noted import read_told, told_tables
from components.recipes.shared.serving import asked_bundle, compared_bundle
from components.recipes.survival.metrics.metrics import c_index, survival_metrics
from components.recipes.survival.params.params import SurvivalJob
from components.recipes.survival.report import tables
from components.recipes.survival.report.answered import Answered, Groups, answer, reliability_at
from components.recipes.survival.report.pictures import UNRECALIBRATED, Drawing
from components.recipes.survival.serving.predictor import SurvivalPredictor, open_predictor
from components.recipes.survival.serving.serving import development_censoring


def report(job: SurvivalJob, fitted: Path, bundle: Path) -> Report:
    """Judge validation, test and, where there is one, the external cohort: this is the first that reads that one
    once it is prepared.
    """
    params, censoring = job.evaluate, development_censoring(job)
    predictor, selection = open_predictor(bundle), open_predictor(asked_bundle(fitted, bundle, VALIDATION))
    members = open_predictor(compared_bundle(fitted, TEST))
    asked = {VALIDATION: (selection, selection)}  # who answers a split, and whose members it is compared with
    found = {split: answer(job, *asked.get(split, (predictor, members)), split) for split in judged_splits(job)}
    thresholds = _thresholds(job, found[VALIDATION], selection)
    scores = {split: _scores(params, predictor, one, censoring, thresholds) for split, one in found.items()}
    edges = np.quantile(found[VALIDATION].risks[MODEL][:, -1], np.arange(1, params.risk_groups) / params.risk_groups)
    judged = [one for split, one in found.items() if split != VALIDATION]
    groups = {one.split: _subgroups(params, predictor, one) for one in judged}
    decided = {one.split: _decide(params, predictor, one) for one in judged}
    told = [
        *_tables(job, predictor, judged, edges, censoring, groups),
        *told_tables(job.paths.prepared(job.case), "events"),
    ]
    settings = predictor.settings
    decisions = decisions_table(
        decided,
        settings.threshold,
        settings.horizons[-1],
        job.model.specificity,
        settings.decisions[0],
        settings.unit,
    )
    drawing = Drawing(params, predictor, recipe_of(job), edges)
    drawn = [drawing.of_split(one, scores[one.split], groups[one.split]) for one in judged]
    drawn.append(drawing.of_all({one.split: scores[one.split] for one in judged}, found[VALIDATION].rows))
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
            **read_told(job.paths.prepared(job.case)),
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
    unit = predictor.settings.unit
    also = f", and the chance of being without it at {', '.join(f'{year:g}' for year in early)} {unit}" if early else ""
    return f"the risk that the event has come by {last:g} {unit}{also}"


def _plots(params: EvaluateParams, predictor: SurvivalPredictor, judged: Sequence[Answered]) -> dict[str, pd.DataFrame]:
    """Calibration of the served risks by each horizon that is looked at."""
    drawn = {}
    for found in judged:
        for year in params.calibrated:
            one = reliability_at(params, predictor, found.target, found.risks[MODEL], year)
            drawn[f"calibration/{found.split}_{year:g}{SHORT[predictor.settings.unit]}"] = plots.curve(
                "calibration", one.predicted, one.observed
            )
    return drawn


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
    return pd.concat([found.rows[[*key, *outcome_columns(found.rows)]], pd.DataFrame(risks)], axis=1)


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
            unit=predictor.settings.unit,
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
    job: SurvivalJob,
    predictor: SurvivalPredictor,
    judged: Sequence[Answered],
    edges: np.ndarray,
    censoring: Censoring,
    groups: Mapping[str, Groups],
) -> list[Table]:
    params, called, settings, unit = job.evaluate, recipe_of(job).called, predictor.settings, predictor.settings.unit
    horizon = settings.horizons[-1]
    named = {one.split: (one.target, {called(who): risk for who, risk in one.risks.items()}) for one in judged}
    served = {one.split: (one.target, one.risks[MODEL][:, -1]) for one in judged}
    both = {one.split: (one.target, {SERVED: one.risks[MODEL], UNRECALIBRATED: one.blended}) for one in judged}
    grouped = {split: (target, risk, risk_groups(risk, edges)) for split, (target, risk) in served.items()}
    return [
        tables.calibration_table(both, settings.horizons, params.calibrated, unit),
        tables.brier_table(named, settings.horizons, censoring),
        tables.risk_group_table(grouped, group_names(edges), horizon, unit),
        *(subgroup_table(split, group, horizon, params.min_group, unit) for split, group in groups.items()),
        tables.net_benefit_table(served, params.net_benefit, horizon, unit),
    ]
