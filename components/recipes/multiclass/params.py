"""Params of the recipe multiclass: the blocks that its parts read."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from components.core.blocks import Block
from components.core.job import Job
from components.kits.tables.learning.blocks import (
    CalibratedParams,
    Count,
    LearnedParams,
    RefitParams,
    SlicedParams,
    SplineParams,
    StoppedBoostingParams,
)
from components.kits.tables.outcome.params import ClassesParams


class LogisticParams(SplineParams):
    """Of the inverse ridge penalties `c` the one is taken that answers rows best which were left out of the fit."""

    c: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(strict=False, min_length=1)]


class TriedParams(StoppedBoostingParams):
    """`settings` are those that all have; of those `tried` beside them the ones are taken that answer rows best which
    were left out of the fit.
    """

    tried: Annotated[tuple[dict[str, Any], ...], Field(strict=False, min_length=1)]


class ServingParams(Block):
    """So many `reasons` for the class that is answered."""

    reasons: Count


class ModelParams(LearnedParams):
    logistic: LogisticParams
    lightgbm: TriedParams
    blend: CalibratedParams
    few: RefitParams
    serving: ServingParams


class EvaluateParams(SlicedParams):
    ece_bins: Annotated[int, Field(ge=2)]
    psi_bins: Annotated[int, Field(ge=2)]
    psi_floor: Annotated[float, Field(gt=0, lt=0.1)]


ClassesJob = Job[ClassesParams, ModelParams, EvaluateParams]


def classes_of(data: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the classes in the order of their codes, of `Meta.data`."""
    return tuple(data["spec"]["target"]["values"])
