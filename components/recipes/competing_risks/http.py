"""Cohorts with several causes over HTTP: incidences at the horizons, a decision, and what changes the first one's."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.kits.survival.online import cohort_service
from components.kits.survival.units import SHORT
from components.kits.tables.encoding.known import Asked
from components.kits.tables.online import MAX_BODY as MAX_BODY
from components.kits.tables.online import TableService
from components.recipes.competing_risks.serving.predictor import CausesAnswers, CausesPredictor, open_predictor


def open_service(bundle: Path, _histories: Path | None, checks: Any) -> TableService[CausesPredictor]:
    """The bundle, answering."""
    predictor = open_predictor(bundle)
    predictor.checks = lambda: checks
    return cohort_service(predictor, _answer, _told)


def _answer(predictor: CausesPredictor, asked: Asked, explain: bool) -> CausesAnswers:
    return predictor.answer_asked(asked, explain=explain)


def _told(predictor: CausesPredictor, found: CausesAnswers) -> Mapping[str, Any]:
    settings = predictor.settings
    by = f"by {settings.horizons[-1]:g} {SHORT[settings.unit]}"
    return {f"risk of {cause} {by}": found.risk[:, place, -1] for place, cause in enumerate(settings.causes)}
