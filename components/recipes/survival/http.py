"""Cohorts over HTTP: survival at the horizons, a decision, and what changes a person's hazard."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.kits.survival.online import cohort_service
from components.kits.survival.quick import open_quick
from components.kits.survival.units import SHORT
from components.kits.tables.encoding.known import Asked
from components.kits.tables.online import MAX_BODY as MAX_BODY
from components.kits.tables.online import TableService
from components.recipes.survival.serving.predictor import SurvivalAnswers, SurvivalPredictor, open_predictor


def open_service(bundle: Path, _histories: Path | None, checks: Any) -> TableService[SurvivalPredictor]:
    """The bundle, answering."""
    predictor = open_predictor(bundle)
    sizes = predictor.encoder.sizes
    predictor.checks = lambda: checks
    vars(predictor)["member_curves"] = {
        one.name: open_quick(predictor.bundle, one.name, one.kind, predictor.times, predictor.edges, sizes)
        for one in predictor.settings.members
    }
    return cohort_service(predictor, _answer, _told)


def _answer(predictor: SurvivalPredictor, asked: Asked, explain: bool) -> SurvivalAnswers:
    return predictor.answer_asked(asked, explain=explain)


def _told(predictor: SurvivalPredictor, found: SurvivalAnswers) -> Mapping[str, Any]:
    first, *_, last = predictor.settings.horizons
    unit = SHORT[predictor.settings.unit]
    return {f"risk by {first:g} {unit}": found.risk[:, 0], f"risk by {last:g} {unit}": found.risk[:, -1]}
