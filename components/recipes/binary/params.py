"""Params of the recipe binary: the blocks that its parts read."""

from typing import Annotated

from pydantic import Field

from components.core.blocks import Block
from components.core.job import Job
from components.kits.tables.encoding.spec import TableParams
from components.kits.tables.learning.blocks import (
    CalibratedParams,
    Count,
    FewLogisticParams,
    LearnedParams,
    LightGBMParams,
    LogisticParams,
    Sensitive,
    SlicedParams,
)


class ServingParams(Block):
    """What is answered: `decisions` at or above the threshold and below it, score `bands` of equal mass on held-out
    rows, so many `reasons` for a row at or above the threshold.
    """

    decisions: Annotated[tuple[str, str], Field(strict=False)]
    bands: Annotated[int, Field(ge=2)]
    reasons: Count


class ModelParams(LearnedParams):
    logistic: LogisticParams
    lightgbm: LightGBMParams
    blend: CalibratedParams
    few: FewLogisticParams
    serving: ServingParams


class EvaluateParams(SlicedParams):
    ece_bins: Annotated[int, Field(ge=2)]
    psi_bins: Annotated[int, Field(ge=2)]
    psi_floor: Annotated[float, Field(gt=0, lt=0.1)]
    sensitive: list[Sensitive]


BinaryJob = Job[TableParams, ModelParams, EvaluateParams]
