"""Tables of the model card beside the metrics: plain values, of one split each or of several."""

from collections.abc import Mapping, Sequence

import numpy as np

from components.core.results import Cell, Table
from components.kits.survival.metrics.censoring import Censoring
from components.kits.survival.metrics.entered import mean_risk
from components.kits.survival.report.decisions import net_benefit, net_benefit_of_all
from components.kits.survival.report.groups import observed_risk
from components.kits.survival.report.tables import finite
from components.recipes.survival.metrics.metrics import calibration_at, ibs


def calibration_table(
    splits: Mapping[str, tuple[np.ndarray, Mapping[str, np.ndarray]]],
    horizons: Sequence[float],
    calibrated: Sequence[float],
    unit: str = "years",
) -> Table:
    """Slope, intercept, mean prediction and observed risk of each series of risks `(N, H)` of each split."""
    rows = []
    for split, (target, series) in splits.items():
        for name, risk in series.items():
            for year in calibrated:
                place = list(horizons).index(year)
                slope, shift = (calibration_at(place, year, slope=which)(target, risk) for which in (True, False))
                predicted, observed = mean_risk(target, risk[:, place], year), observed_risk(target, year)
                rows.append(
                    [split, name, f"{year:g}", *(finite(value) for value in (slope, shift, predicted, observed))]
                )
    columns = ["split", "risk", unit, "slope", "intercept", "mean prediction", "observed (Kaplan-Meier)"]
    note = "A slope of 1 and an intercept of 0 are best. Recalibration was fitted on validation alone."
    return Table("Calibration before and after recalibration", columns, rows, note)


def brier_table(
    splits: Mapping[str, tuple[np.ndarray, Mapping[str, np.ndarray]]], horizons: Sequence[float], censoring: Censoring
) -> Table:
    """The integrated Brier score by two censoring distributions: the development cohort's and the split's own."""
    rows = []
    for split, (target, series) in splits.items():
        own = Censoring.of(target)
        for name, risk in series.items():
            values = [ibs(horizons, weights)(target, risk) for weights in (censoring, own)]
            rows.append([split, name, *(finite(value) for value in values)])
    columns = ["split", "model", "weighted by the development cohort", "weighted by the split itself"]
    note = (
        "`ibs` among the metrics is the first. A cohort that was followed for less time than the development cohort "
        "weighs its late rows more under its own censoring distribution."
    )
    return Table("Integrated Brier score and its weights", columns, rows, note)


def risk_group_table(
    splits: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]],
    names: Sequence[str],
    horizon: float,
    unit: str = "years",
) -> Table:
    """Rows, events, predicted and observed risk of each group of each split: target, risk (N,), group (N,)."""
    rows: list[list[Cell]] = []
    for split, (target, risk, group) in splits.items():
        for place, name in enumerate(names):
            inside = group == place
            if not inside.any():
                rows.append([split, name, 0, 0, None, None])
                continue
            observed = finite(observed_risk(target[inside], horizon))
            events = int(target[inside, 1].sum())
            predicted = finite(mean_risk(target[inside], risk[inside], horizon))
            rows.append([split, name, int(inside.sum()), events, predicted, observed])
    columns = ["split", "group", "rows", "events", "predicted", "observed (Kaplan-Meier)"]
    note = f"Risk by {horizon:g} {unit}. Groups are of equal size on validation."
    return Table("Risk groups", columns, rows, note)


def net_benefit_table(
    splits: Mapping[str, tuple[np.ndarray, np.ndarray]],
    thresholds: Sequence[float],
    horizon: float,
    unit: str = "years",
) -> Table:
    """Net benefit of the served model and of treating all, at threshold risks; treating nobody has 0."""
    rows = []
    for split, (target, risk) in splits.items():
        model = net_benefit(target, risk, horizon=horizon, thresholds=thresholds)
        everybody = net_benefit_of_all(target, horizon=horizon, thresholds=thresholds)
        rows += [
            [split, f"{threshold:.0%}", finite(one), finite(all_)]
            for threshold, one, all_ in zip(thresholds, model, everybody, strict=True)
        ]
    columns = ["split", "treat from a risk of", "served", "treat all"]
    return Table(f"Net benefit, event within {horizon:g} {unit}", columns, rows, "Treat none: 0.")
