"""Cohorts over HTTP: survival at the horizons, decision, and what changes a person's hazard; curves where asked for."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from components.kits.survival.metrics import curves
from components.kits.survival.metrics.contributions import Contribution
from components.kits.survival.units import SHORT
from components.kits.tables.encoding.known import Asked
from components.kits.tables.encoding.values import take
from components.kits.tables.online import MAX_BODY as MAX_BODY
from components.kits.tables.online import Answers, TableService, flag
from components.recipes.survival.serving.predictor import CURVE, SurvivalAnswers, SurvivalPredictor, open_predictor
from components.serving.service import Options


def open_service(bundle: Path, _histories: Path | None, checks: Any) -> TableService[SurvivalPredictor]:
    """The bundle, answering."""
    predictor = open_predictor(bundle)
    predictor.checks = lambda: checks
    return TableService(predictor, answers, _outcome(predictor.data["spec"]), {CURVE: flag})


def _outcome(spec: Mapping[str, Any]) -> list[str]:
    """The columns of the outcome, which rows of the source have beside those of the model."""
    from components.kits.tables.encoding.derive import names_in

    target = spec["target"]
    return sorted({name for part in ("time", "event", "entry") if target.get(part) for name in names_in(target[part])})


def answers(predictor: SurvivalPredictor, asked: Asked, options: Options) -> Answers:
    """Of N rows the columns of `predict`, and the risks that monitoring compares. A reason's `adds` is the logarithm of
    the factor by which its value alone changes the cumulative hazard.
    """
    cumulative = predictor.cumulative(asked.encoded)
    risk = curves.risks(predictor.settings.horizons, predictor.times, cumulative)
    over = risk[:, -1] >= predictor.settings.threshold
    high, low = predictor.settings.decisions
    places = np.flatnonzero(
        {"always": np.ones_like(over), "declined": over, "never": np.zeros_like(over)}[options.explain]
    )
    reasons: list[list[dict[str, Any]]] = [[] for _ in over]
    if len(places):
        typed = {name: take(values, places) for name, values in asked.typed.items()}
        explained = predictor.explain(typed, asked.encoded.take(places), cumulative[places])
        for place, row in zip(places.tolist(), explained, strict=True):
            reasons[place] = [_reason(one) for one in row]
    whole = predictor.curves(asked.encoded, cumulative) if options.more.get(CURVE) else None
    found = SurvivalAnswers(
        predictor.settings.horizons,
        risk,
        np.where(over, high, low),
        [()] * len(over),
        predictor.known.warnings(asked),
        predictor.settings.unit,
        whole,
    )
    columns = found.columns() | {"reasons": reasons}
    first, *_, last = predictor.settings.horizons
    unit = SHORT[predictor.settings.unit]
    told = {f"risk by {first:g} {unit}": risk[:, 0], f"risk by {last:g} {unit}": risk[:, -1]}
    return columns, told


def _reason(one: Contribution) -> dict[str, Any]:
    return {"column": one.feature, "value": one.value, "adds": math.log(one.factor)}
