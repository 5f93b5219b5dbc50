"""Cohorts with several causes over HTTP: incidences at the horizons, a decision, and what changes the first one's."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.kits.survival.online import cohort_service
from components.kits.survival.quick import QUICK
from components.kits.survival.serving.members import Curves
from components.kits.survival.units import SHORT
from components.kits.tables.encoding.known import Asked
from components.kits.tables.online import MAX_BODY as MAX_BODY
from components.kits.tables.online import TableService
from components.recipes.competing_risks.serving.members import file_of, open_member, together
from components.recipes.competing_risks.serving.predictor import CausesAnswers, CausesPredictor, open_predictor


def open_service(bundle: Path, _histories: Path | None, checks: Any) -> TableService[CausesPredictor]:
    """The bundle, answering."""
    predictor = open_predictor(bundle)
    predictor.checks = lambda: checks
    vars(predictor)["member_hazards"] = {
        one.name: _member(predictor, one.name, one.kind) for one in predictor.settings.members
    }
    return cohort_service(predictor, _answer, _told)


def _member(predictor: CausesPredictor, name: str, kind: str) -> Curves:
    causes, sizes = len(predictor.settings.causes), predictor.encoder.sizes
    if kind not in QUICK:
        return open_member(predictor.bundle, name, kind, causes, predictor.times, predictor.edges, sizes)
    each = [
        QUICK[kind](predictor.bundle, file_of(name, cause), predictor.times, predictor.edges, sizes)
        for cause in range(1, causes + 1)
    ]
    return lambda encoded: together(each, encoded)


def _answer(predictor: CausesPredictor, asked: Asked, explain: bool) -> CausesAnswers:
    return predictor.answer_asked(asked, explain=explain)


def _told(predictor: CausesPredictor, found: CausesAnswers) -> Mapping[str, Any]:
    settings = predictor.settings
    by = f"by {settings.horizons[-1]:g} {SHORT[settings.unit]}"
    return {f"risk of {cause} {by}": found.risk[:, place, -1] for place, cause in enumerate(settings.causes)}
