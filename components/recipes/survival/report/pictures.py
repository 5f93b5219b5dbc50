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
from components.kits.survival.metrics.entered import expected_survival
from components.kits.survival.metrics.rows import SMALLEST_HAZARD
from components.kits.survival.report import figures
from components.kits.survival.report.decisions import net_benefit, net_benefit_of_all
from components.kits.survival.report.groups import group_names, kaplan_meier, risk_groups
from components.kits.survival.report.patients import patients
from components.kits.survival.units import SHORT
from components.kits.tables.effects import ROWS, strongest_effects
from components.kits.tables.encoding.convert import typed_rows
from components.kits.tables.encoding.encode import Encoded
from components.recipes.survival.metrics.metrics import c_index
from components.recipes.survival.report.answered import Answered, Groups, reliability_at
from components.recipes.survival.serving.predictor import SurvivalPredictor

UNRECALIBRATED = "before recalibration"
CURVE_POINTS = 99  # of a decision curve
LEAST_TREATED = 0.02  # of the patients: where fewer would be treated, net benefit is noise
COLUMNS = 6  # whose effects are shown

Pictures = dict[str, Callable[[], Figure]]


@dataclass(frozen=True)
class Drawing:
    """What the pictures of all splits are drawn with."""

    params: EvaluateParams
    predictor: SurvivalPredictor
    recipe: Recipe
    edges: np.ndarray  # risks between which the groups of patients lie

    def of_split(self, found: Answered, scores: Scores, groups: Groups) -> Pictures:
        name, horizons, unit = found.split, self.predictor.settings.horizons, self.predictor.settings.unit
        auc = {
            self.recipe.called(who): [metrics.get(f"auc@{year:g}{SHORT[unit]}") for year in horizons]
            for who, metrics in scores.by_model.items()
        }
        drawn: Pictures = {
            "kaplan_meier": partial(_kaplan_meier, self, found),
            "calibration": partial(_calibration, self, found),
            "decision_curve": partial(_decision_curve, self, found),
            "auc": partial(
                figures.auc_over_time,
                f"Who has an event first: AUC by {unit.removesuffix('s')}, {name}",
                horizons,
                auc,
                confidence=self.params.confidence,
                unit=unit,
            ),
            "patients": partial(_patients, self, found),
        }
        if groups:
            overall = c_index()(found.target, found.risks[MODEL])
            title = f"C-index by subgroup, {name}"
            drawn["subgroups"] = partial(figures.by_subgroup, title, "C-index", groups, overall)
        return {f"{what}_{name}": draw for what, draw in drawn.items()}

    def of_all(self, scores: Mapping[str, Scores], validation: pd.DataFrame) -> Pictures:
        """The served model beside the others on each split that it is judged by, and what moves the risk."""
        panels = [
            compared(one, metric, self.recipe, label=f"{label}, {split}")
            for metric, label in (("c_index", "C-index"), ("ibs", "integrated Brier"))
            for split, one in scores.items()
            if all(metric in found for found in one.by_model.values())  # few rows may not define it
        ]
        confidence = self.params.confidence
        return {
            "metrics": partial(served_beside, panels[:3], confidence=confidence, over="patients"),
            "effects": partial(_effects, self, validation),
        }


def _kaplan_meier(drawing: Drawing, found: Answered) -> Figure:
    params, predictor, edges = drawing.params, drawing.predictor, drawing.edges
    group = risk_groups(found.risks[MODEL][:, -1], edges)
    years, unit = [0.0, *predictor.settings.horizons], predictor.settings.unit
    shown = [place for place in range(len(edges) + 1) if (group == place).any()]
    names = group_names(edges)
    lines = [kaplan_meier(names[place], found.target[group == place], years, params.confidence) for place in shown]
    predicted = np.stack(
        [
            expected_survival(found.target[group == place], predictor.times, found.cumulative[group == place])
            for place in shown
        ]
    )
    return figures.kaplan_meier(
        f"Survival by predicted risk, {found.split}", lines, years, predicted, predictor.times, unit
    )


def _calibration(drawing: Drawing, found: Answered) -> Figure:
    params, panels = drawing.params, {}
    for year in params.calibrated:
        series = {SERVED: found.risks[MODEL], UNRECALIBRATED: found.blended}
        panels[f"{year:g} {drawing.predictor.settings.unit}"] = {
            name: reliability_at(params, drawing.predictor, found.target, risk, year) for name, risk in series.items()
        }
    title = f"Calibration: risk as predicted and as observed, {found.split}"
    return figures.calibration(title, panels, confidence=params.confidence)


def _decision_curve(drawing: Drawing, found: Answered) -> Figure:
    settings, served = drawing.predictor.settings, found.risks[MODEL][:, -1]
    horizon, thresholds = settings.horizons[-1], np.linspace(0.01, 0.99, CURVE_POINTS)
    treated = np.array([(served >= threshold).mean() for threshold in thresholds])
    thresholds = thresholds[(treated >= LEAST_TREATED) | (thresholds <= settings.threshold)]
    series = {
        drawing.recipe.called(name): net_benefit(found.target, risk[:, -1], horizon=horizon, thresholds=thresholds)
        for name, risk in found.risks.items()
    }
    everybody = net_benefit_of_all(found.target, horizon=horizon, thresholds=thresholds)
    title = f"Net benefit of deciding by the risk, {horizon:g} {settings.unit}, {found.split}"
    return figures.decision_curve(title, thresholds, series, everybody, threshold=settings.threshold)


def _patients(drawing: Drawing, found: Answered) -> Figure:
    """The patients at equal distances in the order of risk, from the lowest to the highest."""
    params, predictor = drawing.params, drawing.predictor
    order = np.argsort(found.risks[MODEL][:, -1], kind="stable")
    chosen = order[np.linspace(0, len(order) - 1, params.patients).astype(int)]
    rows, cumulative = found.rows.iloc[chosen], found.cumulative[chosen]
    usual = np.exp(-predictor.cumulative(predictor.typical.given))[0]
    return patients(
        f"Patients from the lowest to the highest risk, {found.split}",
        predictor.times,
        np.exp(-cumulative),
        usual,
        predictor.explain(typed_rows(rows, predictor.reader.columns), predictor.encoder.encode(rows), cumulative),
        predictor.settings.unit,
    )


def _effects(drawing: Drawing, validation: pd.DataFrame) -> Figure:
    predictor = drawing.predictor
    horizon = predictor.settings.horizons[-1]

    def risk(encoded: Encoded) -> np.ndarray:
        return predictor.risks(encoded)[:, -1]

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
        title=f"What moves the risk most: {names}",
        answer=f"predicted risk by {horizon:g} {predictor.settings.unit}",
        overall=float(risk(predictor.encoder.encode(validation)).mean()),
        note=f"Mean answer of the served model for {rows} validation patients, if all had this value in the column and"
        " were otherwise as they are: no effect of a treatment.",
    )
