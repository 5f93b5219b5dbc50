"""Rows with a number for an answer over HTTP: the value, its interval, and what moves it from a typical row's."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.kits.tables.encoding.known import Asked
from components.kits.tables.online import MAX_BODY as MAX_BODY
from components.kits.tables.online import Answers, TableService
from components.recipes.regression.metrics.explain import Reason
from components.recipes.regression.serving.predictor import NumberPredictor, open_predictor
from components.serving.service import Options


def open_service(bundle: Path, _histories: Path | None, checks: Any) -> TableService[NumberPredictor]:
    """The bundle, answering."""
    predictor = open_predictor(bundle)
    predictor.checks = lambda: checks
    return TableService(predictor, answers, [predictor.data["spec"]["target"]["column"]], told=_told)


def answers(predictor: NumberPredictor, asked: Asked, options: Options) -> Answers:
    """Of N rows the columns of `predict`, and what monitoring compares. None is a refusal: `declined` is `always`."""
    found = predictor.answer_asked(asked, explain=options.explain != "never")
    reasons = [[_reason(one) for one in row] for row in found.reasons]
    value, low, high = found.score.T
    return found.columns() | {"reasons": reasons}, {"value": value, "width": high - low}


def _reason(one: Reason) -> dict[str, Any]:
    return {"column": one.feature, "value": one.value, "adds": one.change}


def _told(reason: Mapping[str, Any]) -> str:
    return Reason(reason["column"], reason["value"], reason["adds"]).told
