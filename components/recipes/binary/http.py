"""Rows of two classes over HTTP: score, decision, and what raised the score of whom it is asked."""

from pathlib import Path
from typing import Any

import numpy as np

from components.kits.tables.encoding.known import Asked
from components.kits.tables.online import MAX_BODY as MAX_BODY
from components.kits.tables.online import Answers, TableService
from components.kits.tables.quick.predictor import Whole
from components.recipes.binary.metrics.explain import Reason
from components.recipes.binary.serving.predictor import TablePredictor, open_predictor
from components.serving.service import Options


def open_service(bundle: Path, _histories: Path | None, checks: Any) -> TableService[TablePredictor]:
    """The bundle, answering."""
    predictor = open_predictor(bundle)
    predictor.checks = lambda: checks
    service = TableService(predictor, answers, [predictor.data["spec"]["target"]["column"]])
    service.explains = "declined"
    return service


def answers(predictor: TablePredictor, asked: Asked, options: Options) -> Answers:
    """Of N rows the columns of `predict`, and the score that monitoring compares; `declined` explains those over the
    threshold.
    """
    scored = Whole(asked.typed, asked.encoded, predictor.probabilities(asked.encoded))
    over = scored.score >= predictor.settings.threshold
    high, low = predictor.settings.decisions
    asks = {"always": np.ones(len(over), bool), "declined": over, "never": np.zeros(len(over), bool)}[options.explain]
    reasons: list[tuple[Reason, ...]] = [()] * len(over)
    if asks.any():
        reasons = predictor.reasons(scored, asks)
    columns = {
        "score": scored.score,
        "decision": np.where(over, high, low),
        "reasons": [[_reason(one) for one in row] for row in reasons],
        "warnings": predictor.known.warnings(asked),
    }
    return columns, {"score": scored.score}


def _reason(one: Reason) -> dict[str, Any]:
    return {"column": one.feature, "value": one.value, "adds": one.contribution}
