"""Params of the recipe survival: the blocks that its parts read."""

from typing import Annotated, Literal

from pydantic import Field

from components.core.blocks import Block
from components.core.job import Job
from components.kits.survival.blocks import (
    BlendParams,
    BoostingParams,
    CoxParams,
    CurveParams,
    EvaluateParams,
    ForestParams,
    HazardParams,
    ServingParams,
)
from components.kits.survival.cohort import CohortParams


class NetworkParams(HazardParams):
    """`objective` is `hazard`, the likelihood of a hazard constant in each interval, or `cox`, the partial likelihood,
    which knows no `time_varying`.
    """

    objective: Literal["hazard", "cox"]


class ModelParams(Block):
    """`specificity` is what the decision's threshold has on validation, by the last horizon."""

    network: NetworkParams
    cox: CoxParams
    forest: ForestParams
    boosting: BoostingParams
    curve: CurveParams
    blend: BlendParams
    specificity: Annotated[float, Field(gt=0, lt=1)]
    serving: ServingParams


SurvivalJob = Job[CohortParams, ModelParams, EvaluateParams]
