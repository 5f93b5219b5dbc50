"""Tables of the model card beside the metrics: plain values, of one split each or of several, cause by cause."""

from collections.abc import Mapping, Sequence

import numpy as np

from components.core.results import MODEL, Cell, Table
from components.kits.survival.report.groups import group_names, risk_groups
from components.kits.survival.report.tables import finite
from components.recipes.competing_risks.metrics.incidence import observed_incidence
from components.recipes.competing_risks.metrics.metrics import Judge
from components.recipes.competing_risks.metrics.rows import censoring_of
from components.recipes.competing_risks.report.answered import Answered, each_cause, risk_of
from components.recipes.competing_risks.report.observed import mean_incidence, worth

OBSERVED = "observed (Aalen-Johansen)"


def causes_table(judge: Judge, judged: Sequence[Answered], called: Mapping[str, str]) -> Table:
    """C-index and integrated Brier score by cause of all who answered, the latter by two censoring distributions."""
    rows: list[list[Cell]] = []
    for one in judged:
        own = Judge(judge.causes, judge.horizons, censoring_of(one.target), judge.unit)
        for cause, name in each_cause(judge):
            events = int((one.target[:, 1] == cause).sum())
            for who, risks in one.risks.items():
                metrics = (judge.c_index(cause), judge.ibs(cause), own.ibs(cause))
                values = [finite(metric(one.target, risks)) for metric in metrics]
                rows.append([one.split, name, events, called[who], *values])
    columns = ["split", "cause", "events", "model", "C-index", "integrated Brier", "weighted by the split itself"]
    note = (
        "The metric `ibs` is the mean of the causes' integrated Brier scores, weighted for censoring by the "
        "development cohort. Who had another event before is known to be without this one."
    )
    return Table("Causes", columns, rows, note)


def calibration_table(judge: Judge, judged: Sequence[Answered], series: str, calibrated: Sequence[float]) -> Table:
    """Slope, intercept, mean prediction and observed incidence of the served risks, and of what `series` calls those
    before recalibration.
    """
    rows: list[list[Cell]] = []
    for one in judged:
        for cause, name in each_cause(judge):
            for label, risks in ((MODEL, one.risks[MODEL]), (series, one.blended)):
                for horizon in calibrated:
                    risk = risk_of(judge, risks, cause, horizon)
                    values = [
                        judge.calibration(cause, horizon, slope=True)(one.target, risks),
                        judge.calibration(cause, horizon, slope=False)(one.target, risks),
                        mean_incidence(one.target, risk, cause, horizon),
                        observed_incidence(one.target, cause, horizon),
                    ]
                    shown = "served" if label == MODEL else label
                    rows.append([one.split, name, shown, f"{horizon:g}", *(finite(value) for value in values)])
    columns = ["split", "cause", "risk", judge.unit, "slope", "intercept", "mean prediction", OBSERVED]
    note = "A slope of 1 and an intercept of 0 are best. Recalibration was fitted on validation alone."
    return Table("Calibration before and after recalibration", columns, rows, note)


def risk_group_table(judge: Judge, judged: Sequence[Answered], edges: Mapping[int, np.ndarray]) -> Table:
    """Rows, events, predicted and observed incidence of each group of each cause's risk."""
    rows: list[list[Cell]] = []
    horizon = judge.horizons[-1]
    for one in judged:
        for cause, name in each_cause(judge):
            risk = risk_of(judge, one.risks[MODEL], cause)
            group = risk_groups(risk, edges[cause])
            for place, label in enumerate(group_names(edges[cause])):
                inside = group == place
                own = one.target[inside]
                values = [mean_incidence(own, risk[inside], cause, horizon)] if len(own) else [np.nan]
                values.append(observed_incidence(own, cause, horizon))
                events = int((own[:, 1] == cause).sum())
                rows.append([one.split, name, label, len(own), events, *(finite(value) for value in values)])
    columns = ["split", "cause", "group", "rows", "events", "predicted", OBSERVED]
    note = f"Risk by {horizon:g} {judge.unit}. Groups of each cause's risk are of equal size on validation."
    return Table("Risk groups", columns, rows, note)


def net_benefit_table(judge: Judge, judged: Sequence[Answered], thresholds: Sequence[float]) -> Table:
    """Net benefit of the served model and of treating all, at threshold risks of each cause; treating nobody has 0."""
    rows: list[list[Cell]] = []
    horizon = judge.horizons[-1]
    for one in judged:
        for cause, name in each_cause(judge):
            risk = risk_of(judge, one.risks[MODEL], cause)
            model, everybody = (
                worth(one.target, who, cause, horizon=horizon, thresholds=thresholds)
                for who in (risk, np.ones(len(risk)))
            )
            rows += [
                [one.split, name, f"{threshold:.0%}", finite(served), finite(all_)]
                for threshold, served, all_ in zip(thresholds, model, everybody, strict=True)
            ]
    columns = ["split", "cause", "treat from a risk of", "served", "treat all"]
    return Table(f"Net benefit, event within {horizon:g} {judge.unit}", columns, rows, "Treat none: 0.")
