"""Pictures of a report: each is drawn of what was answered when it is called."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from components.core.recipe import SERVED, Recipe
from components.core.results import MODEL, Scores
from components.evaluation.presentation.comparison import compared, served_beside
from components.evaluation.presentation.effects import effects
from components.kits.survival.blocks import EvaluateParams
from components.kits.survival.metrics.rows import SMALLEST_HAZARD
from components.kits.survival.report import figures as shared
from components.kits.survival.report.groups import group_names, risk_groups
from components.kits.survival.units import SHORT
from components.kits.tables.effects import ROWS, strongest_effects
from components.kits.tables.encoding.convert import typed_rows
from components.kits.tables.encoding.encode import Encoded
from components.recipes.competing_risks.metrics.metrics import FIRST, Judge
from components.recipes.competing_risks.report import figures
from components.recipes.competing_risks.report.answered import Answered, Groups, each_cause, risk_of
from components.recipes.competing_risks.report.observed import Steps, mean_incidence, reliability, worth
from components.recipes.competing_risks.serving.predictor import CausesPredictor

UNRECALIBRATED = "before recalibration"
CURVE_POINTS = 99  # of a decision curve
LEAST_TREATED = 0.02  # of the people: where fewer would be treated, net benefit is noise
COLUMNS = 6  # whose effects are shown

Pictures = dict[str, Callable[[], Figure]]


@dataclass(frozen=True)
class Drawing:
    """What the pictures of all splits are drawn with; `edges` are risks between which groups lie, by cause."""

    params: EvaluateParams
    predictor: CausesPredictor
    recipe: Recipe
    judge: Judge
    edges: Mapping[int, np.ndarray]

    def of_split(self, found: Answered, scores: Scores, groups: Groups) -> Pictures:
        drawn: Pictures = {
            "incidence": partial(_incidences, self, found),
            "calibration": partial(_calibration, self, found),
            "patients": partial(_people, self, found),
        }
        for cause, name in each_cause(self.judge):
            drawn[f"decision_curve_{name}"] = partial(_decision_curve, self, found, cause, name)
            drawn[f"auc_{name}"] = partial(_auc, self, found.split, scores, name)
        if groups:
            overall = self.judge.c_index(FIRST)(found.target, found.risks[MODEL])
            title = f"C-index of {self.judge.causes[0]} by subgroup, {found.split}"
            estimate = "Aalen and Johansen"
            drawn["subgroups"] = partial(shared.by_subgroup, title, "C-index", groups, overall, estimate)
        return {f"{what}_{found.split}": draw for what, draw in drawn.items()}

    def of_all(self, scores: Mapping[str, Scores], validation: pd.DataFrame) -> Pictures:
        """The served model beside the others on each split that it is judged by, and what moves the risk."""
        first = self.judge.causes[0]
        panels = [
            compared(one, metric, self.recipe, label=f"{label}, {split}")
            for metric, label in (("ibs", "integrated Brier"), (f"c_index@{first}", f"C-index of {first}"))
            for split, one in scores.items()
            if all(metric in found for found in one.by_model.values())  # few rows may not define it
        ]
        confidence = self.params.confidence
        return {
            "metrics": partial(served_beside, panels[:3], confidence=confidence, over="people"),
            "effects": partial(_effects, self, validation),
        }


def _incidences(drawing: Drawing, found: Answered) -> Figure:
    times, confidence, panels = drawing.predictor.times, drawing.params.confidence, {}
    for cause, name in each_cause(drawing.judge):
        group = risk_groups(risk_of(drawing.judge, found.risks[MODEL], cause), drawing.edges[cause])
        said = []
        for place, label in enumerate(group_names(drawing.edges[cause])):
            if (inside := group == place).any():
                own, incidence = found.target[inside], found.incidence[inside, cause - 1]
                mean = [mean_incidence(own, risk, cause, time) for risk, time in zip(incidence.T, times, strict=True)]
                said.append((Steps.of(label, own, cause, confidence, times[-1]), np.array(mean)))
        panels[name] = said
    return figures.incidences(f"Incidence by predicted risk, {found.split}", panels, times, drawing.judge.unit)


def _calibration(drawing: Drawing, found: Answered) -> Figure:
    params, judge, panels = drawing.params, drawing.judge, {}
    horizon = params.calibrated[-1]
    for cause, name in each_cause(judge):
        series = {SERVED: found.risks[MODEL], UNRECALIBRATED: found.blended}
        panels[name] = {
            label: reliability(
                found.target,
                risk_of(judge, risks, cause, horizon),
                cause,
                horizon=horizon,
                groups=params.calibration_groups,
                confidence=params.confidence,
            )
            for label, risks in series.items()
        }
    title = f"Calibration: incidence by {horizon:g} {judge.unit}, predicted and observed, {found.split}"
    estimate = "Aalen and Johansen's incidence"
    return shared.calibration(title, panels, confidence=params.confidence, estimate=estimate, x="predicted, {}")


def _decision_curve(drawing: Drawing, found: Answered, cause: int, name: str) -> Figure:
    judge, threshold = drawing.judge, drawing.predictor.settings.threshold if cause == FIRST else None
    horizon, thresholds = judge.horizons[-1], np.linspace(0.01, 0.99, CURVE_POINTS)
    served = risk_of(judge, found.risks[MODEL], cause)
    treated = np.array([(served >= one).mean() for one in thresholds])
    thresholds = thresholds[(treated >= LEAST_TREATED) | (thresholds <= (threshold or thresholds[1]))]
    net = partial(worth, found.target, cause=cause, horizon=horizon, thresholds=thresholds)
    series = {drawing.recipe.called(who): net(risk_of(judge, risks, cause)) for who, risks in found.risks.items()}
    everybody = net(np.ones(len(served)))
    title = f"Net benefit by the risk of {name}, {horizon:g} {judge.unit}, {found.split}"
    return shared.decision_curve(title, thresholds, series, everybody, threshold=threshold)


def _auc(drawing: Drawing, split: str, scores: Scores, name: str) -> Figure:
    horizons, unit = drawing.judge.horizons, drawing.judge.unit
    auc = {
        drawing.recipe.called(who): [metrics.get(f"auc@{name}@{horizon:g}{SHORT[unit]}") for horizon in horizons]
        for who, metrics in scores.by_model.items()
    }
    title = f"Who has an event of {name}: AUC by {unit.removesuffix('s')}, {split}"
    return shared.auc_over_time(title, horizons, auc, confidence=drawing.params.confidence, unit=unit)


def _people(drawing: Drawing, found: Answered) -> Figure:
    """The people at equal distances in the order of the first cause's risk, from the lowest to the highest."""
    params, predictor, judge = drawing.params, drawing.predictor, drawing.judge
    order = np.argsort(risk_of(judge, found.risks[MODEL], FIRST), kind="stable")
    chosen = order[np.linspace(0, len(order) - 1, params.patients).astype(int)]
    rows, incidence = found.rows.iloc[chosen], found.incidence[chosen]
    typed, encoded = typed_rows(rows, predictor.reader.columns), predictor.encoder.encode(rows)
    return figures.people(
        f"People from the lowest to the highest risk of {judge.causes[0]}, {found.split}",
        predictor.times,
        incidence,
        judge.causes,
        predictor.explain(typed, encoded, incidence),
        judge.unit,
    )


def _effects(drawing: Drawing, validation: pd.DataFrame) -> Figure:
    predictor, judge = drawing.predictor, drawing.judge

    def risk(encoded: Encoded) -> np.ndarray:
        return predictor.at_horizons(predictor.incidences(encoded)[:, 0])[:, -1]

    found = strongest_effects(
        risk,
        validation,
        predictor.reader.columns,
        predictor.typical,
        scale=lambda risks: np.log(np.maximum(-np.log1p(-risks), SMALLEST_HAZARD)),
        most=COLUMNS,
        seed=drawing.params.seed,
    )
    names, rows = " and ".join(one.column for one in found[:2]), min(ROWS, len(validation))
    return effects(
        found,
        title=f"What moves the risk of {judge.causes[0]} most: {names}",
        answer=f"predicted risk by {judge.horizons[-1]:g} {judge.unit}",
        overall=float(risk(predictor.encoder.encode(validation)).mean()),
        note=f"Mean answer of the served model for {rows} validation people, if all had this value in the column and"
        " were otherwise as they are: no effect of a treatment.",
    )
