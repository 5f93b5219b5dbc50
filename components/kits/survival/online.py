"""Cohorts over HTTP: what both recipes of times to events answer, reasons for whom they are asked, curves if wanted."""

import math
from collections.abc import Callable, Mapping
from copy import copy
from typing import Any, Protocol, TypeVar

import numpy as np

from components.kits.survival.metrics.contributions import Contribution
from components.kits.survival.serving.asked import CURVE, AskedCohort
from components.kits.survival.serving.asked import told as as_written
from components.kits.tables.encoding.derive import names_in
from components.kits.tables.encoding.known import Asked
from components.kits.tables.online import FLAG, Answers, TableService, part
from components.serving.service import Options

AnyCohort = TypeVar("AnyCohort", bound=AskedCohort)
OUTCOME = ("time", "event", "entry", "cause")  # keys of a target that name columns, or are arithmetic over some


class CohortAnswers(Protocol):
    """What a predictor of a cohort answers to N rows."""

    @property
    def decision(self) -> np.ndarray: ...
    @property
    def contributions(self) -> list[tuple[Contribution, ...]]: ...

    def columns(self) -> dict[str, Any]: ...


def cohort_service(
    predictor: AnyCohort,
    answer: Callable[[AnyCohort, Asked, bool], CohortAnswers],
    told: Callable[[AnyCohort, Any], Mapping[str, Any]],
) -> TableService[AnyCohort]:
    """The predictor, answering by `answer(predictor, asked, explain)`; `told` gives the risks that monitoring compares.

    A reason's `adds` is the logarithm of the factor by which its value alone changes the cumulative hazard.
    """

    def answers(_predictor: AnyCohort, asked: Asked, options: Options) -> Answers:
        one = with_curve if options.more.get(CURVE) else predictor
        found = answer(one, asked, options.explain == "always")
        contributions = list(found.contributions)
        places = np.flatnonzero(found.decision == predictor.settings.decisions[0])
        if options.explain == "declined" and len(places):
            explained = answer(predictor, part(asked, places), True).contributions
            for place, row in zip(places.tolist(), explained, strict=True):
                contributions[place] = row
        reasons = [[_reason(one) for one in row] for row in contributions]
        return found.columns() | {"reasons": reasons}, told(predictor, found)

    target = predictor.data["spec"]["target"]
    named = {name for key in OUTCOME if target.get(key) for name in names_in(target[key])}
    service = TableService(predictor, answers, sorted(named), {CURVE: FLAG}, _told)
    with_curve = copy(predictor)  # of one that is quick by now
    with_curve.curve = True
    return service


def _told(reason: Mapping[str, Any]) -> str:
    return as_written(Contribution(reason["column"], reason["value"], math.exp(reason["adds"])))


def _reason(one: Contribution) -> dict[str, Any]:
    return {"column": one.feature, "value": one.value, "adds": math.log(one.factor)}
