"""Report for a clinician and a reviewer: metrics, calibration, decisions and subgroups by cause, and pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from components.core.job import TEST, VALIDATION
from components.core.parts import Metric
from components.core.recipe import recipe_of
from components.core.results import MODEL, Report, Scores, Table
from components.evaluation import plots
from components.evaluation.bootstrap import Resampling
from components.evaluation.report import judged_splits, score_split
from components.evaluation.scores import as_column
from components.kits.survival.blocks import EvaluateParams
from components.kits.survival.cohort import outcome_columns
from components.kits.survival.report.decisions import Decisions, judged
from components.kits.survival.report.groups import by_group
from components.kits.survival.report.tables import Labels, decisions_table, subgroup_table
from components.kits.survival.units import SHORT
from components.kits.tables.noted import read_told, tables_told
from components.kits.tables.outcome.shares import class_shares_table
from components.recipes.competing_risks.metrics.incidence import observed_incidence
from components.recipes.competing_risks.metrics.metrics import FIRST, Judge, known_states, threshold_at_specificity
from components.recipes.competing_risks.metrics.rows import caused_outcome
from components.recipes.competing_risks.params.params import CausesJob
from components.recipes.competing_risks.report import tables
from components.recipes.competing_risks.report.answered import Answered, Groups, answer, each_cause, risk_of
from components.recipes.competing_risks.report.observed import mean_incidence, own_weights, reliability
from components.recipes.competing_risks.report.pictures import UNRECALIBRATED, Drawing
from components.recipes.competing_risks.serving.predictor import CausesPredictor, open_predictor
from components.recipes.competing_risks.serving.serving import judge_of
from components.recipes.shared.serving import asked_bundle, compared_bundle


def report(job: CausesJob, fitted: Path, bundle: Path) -> Report:
    """Judge validation, test and, where there is one, the external cohort: this is the first that reads that one
    once it is prepared.
    """
    params = job.evaluate
    predictor, selection = open_predictor(bundle), open_predictor(asked_bundle(fitted, bundle, VALIDATION))
    members, judge = open_predictor(compared_bundle(fitted, TEST)), judge_of(job, predictor)
    asked = {VALIDATION: (selection, selection)}  # who answers a split, and whose members it is compared with
    found = {split: answer(job, *asked.get(split, (predictor, members)), split) for split in judged_splits(job)}
    thresholds = _thresholds(judge, found[VALIDATION], job.model.specificity, predictor.settings.threshold)
    scores = {split: _scores(params, judge, one, thresholds) for split, one in found.items()}
    shares = np.arange(1, params.risk_groups) / params.risk_groups
    edges = {
        cause: np.quantile(risk_of(judge, found[VALIDATION].risks[MODEL], cause), shares)
        for cause, _ in each_cause(judge)
    }
    others = [one for split, one in found.items() if split != VALIDATION]
    groups = {one.split: _subgroups(params, judge, one) for one in others}
    decided = {one.split: _decide(params, judge, one, predictor.settings.threshold) for one in others}
    told = [
        *_tables(job, judge, others, edges, groups),
        *tables_told(job.paths.prepared(job.case), class_shares_table),
    ]
    decisions = _decisions_table(job, predictor, decided)
    drawing = Drawing(params, predictor, recipe_of(job), judge, edges)
    drawn = [drawing.of_split(one, scores[one.split], groups[one.split]) for one in others]
    drawn.append(drawing.of_all({one.split: scores[one.split] for one in others}, found[VALIDATION].rows))
    return Report(
        scores=list(scores.values()),
        predictions={split: _predictions(predictor, one) for split, one in found.items()},
        analysis={
            "threshold": predictor.settings.threshold,
            "weights": {member.name: list(member.weights) for member in predictor.settings.members},
            "recalibration": predictor.settings.recalibration,
            "subgroups": groups,
            "decisions": {split: asdict(one) for split, one in decided.items()},
            "tables": [asdict(table) for table in [decisions, *told]],
            **read_told(job.paths.prepared(job.case)),
        },
        predicts=_predicts(judge),
        decisions=[decisions],
        tables=told,
        notes={},
        figures={name: draw for part in drawn for name, draw in part.items()},
        pages={},
        plots=_plots(params, judge, others),
    )


def _predicts(judge: Judge) -> str:
    *causes, last = judge.causes
    times = ", ".join(f"{horizon:g}" for horizon in judge.horizons)
    return f"the risks of {', '.join(causes)} and {last} by {times} {judge.unit}, each with the others in its way"


def _plots(params: EvaluateParams, judge: Judge, others: Sequence[Answered]) -> dict[str, pd.DataFrame]:
    """Calibration of the served risks of each cause by each horizon that is looked at."""
    drawn = {}
    for found in others:
        for cause, name in each_cause(judge):
            for horizon in params.calibrated:
                risk = risk_of(judge, found.risks[MODEL], cause, horizon)
                groups, confidence = params.calibration_groups, params.confidence
                one = reliability(found.target, risk, cause, horizon=horizon, groups=groups, confidence=confidence)
                key = f"calibration/{found.split}_{name}_{horizon:g}{SHORT[judge.unit]}"
                drawn[key] = plots.curve("calibration", one.predicted, one.observed)
    return drawn


def _thresholds(judge: Judge, validation: Answered, specificity: float, served: float) -> dict[str, float]:
    """The served threshold, and for each member alone the one with the same specificity on validation."""
    alone = {
        name: threshold_at_specificity(validation.target, risk_of(judge, risks, FIRST), judge.horizons[-1], specificity)
        for name, risks in validation.risks.items()
    }
    return alone | {MODEL: served}


def _predictions(predictor: CausesPredictor, found: Answered) -> pd.DataFrame:
    """Key, outcome, and by each name a list of the risks of the causes by the horizons."""
    key = [name for name in predictor.data["key"] if name in found.rows]
    risks = {name: as_column(risk) for name, risk in found.risks.items()}
    return pd.concat([found.rows[[*key, *outcome_columns(found.rows)]], pd.DataFrame(risks)], axis=1)


def _scores(params: EvaluateParams, judge: Judge, found: Answered, thresholds: Mapping[str, float]) -> Scores:
    def metrics(name: str) -> Mapping[str, Metric]:
        return judge.metrics(params.calibrated, thresholds[name])

    return score_split(found.split, found.target, found.risks, metrics, Resampling.of(params))


def _decide(params: EvaluateParams, judge: Judge, found: Answered, threshold: float) -> Decisions:
    horizon = judge.horizons[-1]
    states = known_states(caused_outcome(found.target), FIRST, horizon)
    weights = None if found.target.shape[1] == 2 else own_weights(found.target, FIRST, horizon)
    risk = risk_of(judge, found.risks[MODEL], FIRST)
    return judged(risk, states, weights, threshold=threshold, confidence=params.confidence)


def _decisions_table(job: CausesJob, predictor: CausesPredictor, decided: Mapping[str, Decisions]) -> Table:
    settings = predictor.settings
    return decisions_table(
        decided,
        settings.threshold,
        settings.horizons[-1],
        job.model.specificity,
        settings.decisions[0],
        settings.unit,
        _labels(settings.causes[0]),
    )


def _labels(cause: str) -> Labels:
    return Labels(cause, f" of {cause}", tables.OBSERVED)


def _subgroups(params: EvaluateParams, judge: Judge, found: Answered) -> Groups:
    """Of the first cause by the last horizon."""
    horizon, risk = judge.horizons[-1], risk_of(judge, found.risks[MODEL], FIRST)

    def figures(inside: np.ndarray) -> tuple[float, float, float]:
        own = found.target[inside]
        return (
            judge.c_index(FIRST)(own, found.risks[MODEL][inside]),
            observed_incidence(own, FIRST, horizon),
            mean_incidence(own, risk[inside], FIRST, horizon),
        )

    event = found.target[:, 1] == FIRST
    return {
        part.column: by_group(found.rows[part.column], part.edges, event, params.min_group, figures)
        for part in params.subgroups
    }


def _tables(
    job: CausesJob,
    judge: Judge,
    others: Sequence[Answered],
    edges: Mapping[int, np.ndarray],
    groups: Mapping[str, Groups],
) -> list[Table]:
    params, called = job.evaluate, recipe_of(job).called
    names = {who: called(who) for one in others for who in one.risks}
    what = _labels(judge.causes[0])
    return [
        tables.causes_table(judge, others, names),
        tables.calibration_table(judge, others, UNRECALIBRATED, params.calibrated),
        tables.risk_group_table(judge, others, edges),
        *(
            subgroup_table(split, group, judge.horizons[-1], params.min_group, judge.unit, what)
            for split, group in groups.items()
        ),
        tables.net_benefit_table(judge, others, params.net_benefit),
    ]
