"""Rows of several classes over HTTP: the likeliest class, how likely each is, and what speaks for the answer."""

from pathlib import Path
from typing import Any

from components.kits.tables.encoding.known import Asked
from components.kits.tables.online import MAX_BODY as MAX_BODY
from components.kits.tables.online import Answers, TableService
from components.recipes.multiclass.metrics.explain import Reason
from components.recipes.multiclass.serving.predictor import ClassPredictor, open_predictor
from components.serving.service import Options


def open_service(bundle: Path, _histories: Path | None, checks: Any) -> TableService[ClassPredictor]:
    """The bundle, answering."""
    predictor = open_predictor(bundle)
    predictor.checks = lambda: checks
    return TableService(predictor, answers, [predictor.data["spec"]["target"]["column"]])


def answers(predictor: ClassPredictor, asked: Asked, options: Options) -> Answers:
    """Of N rows the columns of `predict`, and what monitoring compares. None is a refusal: `declined` is `always`."""
    found = predictor.answer_asked(asked, explain=options.explain != "never")
    reasons = [[_reason(one) for one in row] for row in found.reasons]
    return found.columns() | {"reasons": reasons}, found.told


def _reason(one: Reason) -> dict[str, Any]:
    return {"column": one.feature, "value": one.value, "adds": one.contribution}
