"""What a bundle answers by, chosen on rows that no member has learned from: blend, correction, intervals."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from components.core.bundle import Manifest
from components.core.job import PREPARED_FILES, TRAIN, Meta
from components.core.results import LEARNER
from components.kits.tables.learning.boosting import tree_files
from components.kits.tables.learning.comparing import beats, blend_or_best, without_least
from components.kits.tables.learning.crossfit import CrossFitted
from components.kits.tables.learning.cut import Parts, cut_numbers
from components.kits.tables.learning.members import graphs_of, members_of
from components.kits.tables.typical import typical_values
from components.recipes.regression.assembly.members import LIGHTGBM, RIDGE
from components.recipes.regression.metrics.blend import mix, mixing_weights
from components.recipes.regression.metrics.calibration import Calibration, choose_calibration
from components.recipes.regression.metrics.conformal import (
    Band,
    Intervals,
    interval_losses,
    left_out_ends,
    make_band,
)
from components.recipes.regression.metrics.losses import Units, row_losses
from components.recipes.regression.params import BlendParams, Kind, Method, RegressionJob
from components.recipes.regression.serving.predictor import (
    QUANTILES,
    IntervalSettings,
    NumberSettings,
    group_codes,
)
from components.recipes.regression.training.training import data_of, everything, units_of

log = logging.getLogger(__name__)

PREDICTOR = "regression.serving.predictor"
FLOOR = 0.1  # of the median distance of the quantiles: a smaller one is not believed


@dataclass(frozen=True)
class HeldOut:
    """Rows that no member has learned from: `target (N,)` and the `values` (N,) of each member in the target's units,
    the two `quantiles` (N,) where they were asked for, and the `codes` (N,) of groups with intervals of their own.
    """

    units: Units
    target: np.ndarray
    values: Mapping[str, np.ndarray]
    quantiles: tuple[np.ndarray, np.ndarray] | None
    codes: np.ndarray | None

    @classmethod
    def of(
        cls, units: Units, target: np.ndarray, scores: Mapping[str, np.ndarray], codes: np.ndarray | None
    ) -> "HeldOut":
        """Of targets and scores on the scale that members learn on."""
        values = {name: units.told(score) for name, score in scores.items() if name != QUANTILES}
        pair = scores.get(QUANTILES)
        quantiles = None if pair is None else (units.told(pair[:, 0]), units.told(pair[:, 1]))
        return cls(units, units.told(target), values, quantiles, codes)


@dataclass(frozen=True)
class Chosen:
    """Each member's weight, the correction of the blend, and how intervals are made."""

    weights: dict[str, float]
    units: Units
    calibration: Calibration
    intervals: IntervalSettings


def choose(job: RegressionJob, target: np.ndarray, scores: Mapping[str, np.ndarray]) -> Chosen:
    """By held-out answers: weights first, then a correction, then the intervals of what is answered."""
    data = data_of(job)
    names, by = data.encoder.categorical_names, job.model.intervals.by
    rows = HeldOut.of(units_of(job), target, scores, group_codes(data.parts[1].encoded, names, by))
    columns = np.column_stack(list(rows.values.values()))
    weights = weigh(rows.units.kind, job.model.blend, rows.target, columns)
    parts = cut_numbers(rows.target, None, job.model.intervals.folds, job.params.fit.seed)
    return _chosen(job, rows, columns, weights, parts)


def choose_cross_fitted(job: RegressionJob, found: CrossFitted) -> Chosen:
    """The same for few rows, where the best member answers alone if it surely beats the blend."""
    data = everything(job)
    names, by = data.encoder.categorical_names, job.model.intervals.by
    rows = HeldOut.of(units_of(job), found.target, found.scores, group_codes(data.parts[0].encoded, names, by))
    columns = np.column_stack(list(rows.values.values()))
    params = job.model.blend.model_copy(update={"shrinkage": job.model.few.shrinkage})
    kind = rows.units.kind
    losses = partial(row_losses, kind)
    weighing = partial(weigh, kind, params)
    weights = blend_or_best(rows.target, columns, weighing, found.parts, mix=mix, losses=losses, in_doubt="blend")
    return _chosen(job, rows, columns, weights, found.parts)


def weigh(kind: Kind, params: BlendParams, target: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Weights (M,) of values (N, M); a member of next to none has none."""
    return without_least(mixing_weights(kind, target, values, shrinkage=params.shrinkage), params.min_weight)


def _chosen(job: RegressionJob, rows: HeldOut, columns: np.ndarray, weights: np.ndarray, parts: Parts) -> Chosen:
    mixed = mix(columns, weights)
    methods = job.model.blend.calibrators
    if rows.units.kind == "absolute":  # a median is not to be the mean
        methods = ("identity",)
    calibration = choose_calibration(methods, rows.target, mixed, parts, beats=beats)
    value = rows.units.within(calibration.apply(mixed))
    named = {name: float(weight) for name, weight in zip(rows.values, weights, strict=True)}
    return Chosen(named, rows.units, calibration, choose_intervals(job, rows, value, parts))


def choose_intervals(job: RegressionJob, rows: HeldOut, value: np.ndarray, parts: Parts) -> IntervalSettings:
    """The method of the best interval score on rows that were left out, and its margins by all rows (N)."""
    params, units = job.model.intervals, rows.units
    apart = 0.0 if rows.quantiles is None else FLOOR * float(np.median(np.abs(np.subtract(*rows.quantiles))))
    least = apart if apart > 0 else units.scale * FLOOR
    fewest = params.min_group
    losses: dict[Method, np.ndarray] = {}
    bands: dict[Method, Band] = {}
    methods: tuple[Method, ...] = params.methods if rows.quantiles is not None else ("alike",)
    for method in methods:
        bands[method] = band = make_band(method, value, units.deviation(value), rows.quantiles, least)
        low, high = left_out_ends(rows.target, value, band, params.coverage, parts, rows.codes, fewest)
        losses[method] = interval_losses(rows.target, units.within(low), units.within(high), params.coverage)
        covered = ((low <= rows.target) & (rows.target <= high)).mean()
        told = (method, losses[method].mean() / 2, (high - low).mean(), covered)
        log.info("intervals %s: pinball loss %.4g, width %.4g, coverage %.3f of rows left out", *told)
    first, best = methods[0], min(losses, key=lambda one: float(losses[one].mean()))
    method = best if best == first or beats(losses[best], losses[first]) else first
    alone = {}
    for name, own in rows.values.items():
        band = make_band("alike", own, units.deviation(own), None, least)
        alone[name] = Intervals.fit(rows.target, band, params.coverage, None, fewest).to_json()
    return IntervalSettings(
        coverage=params.coverage,
        method=method,
        by=params.by,
        quantiles=() if method == "alike" else tree_files(QUANTILES, 2),
        least=least,
        margins=Intervals.fit(rows.target, bands[method], params.coverage, rows.codes, fewest).to_json(),
        alone=alone,
    )


def make_settings(job: RegressionJob, chosen: Chosen) -> NumberSettings:
    kinds = {
        LEARNER: ("network", (LEARNER,)),
        RIDGE: ("additive", (RIDGE,)),
        LIGHTGBM: ("trees", tree_files(LIGHTGBM, job.model.lightgbm.seeds)),
    }
    return NumberSettings(
        members=members_of(chosen.weights, kinds),
        units=chosen.units,
        calibration=chosen.calibration,
        intervals=chosen.intervals,
        reference=_reference(job),
        reasons=job.model.serving.reasons,
    )


def manifest(job: RegressionJob, chosen: Chosen) -> Manifest:
    settings = make_settings(job, chosen)
    graphs = [*graphs_of(settings.members), *settings.intervals.quantiles]
    return Manifest.of(job.case, PREDICTOR, graphs, settings)


def _reference(job: RegressionJob) -> dict[str, object]:
    """A typical training row; a reason is what sets a row apart from it."""
    prepared = job.paths.prepared(job.case)
    train = pd.read_parquet(prepared / PREPARED_FILES[TRAIN])
    return typical_values(train, list(Meta.read(prepared).data["spec"]["columns"]))
