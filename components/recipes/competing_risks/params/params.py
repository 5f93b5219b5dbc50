"""Params of the recipe competing_risks: the blocks that its parts read."""

from typing import Annotated

from pydantic import Field

from components.core.blocks import Block
from components.core.job import Job
from components.kits.survival.blocks import (
    BlendParams,
    BoostingParams,
    CoxParams,
    CurveParams,
    EvaluateParams,
    HazardParams,
    ServingParams,
)
from components.recipes.competing_risks.params.cohort import CausesParams


class ModelParams(Block):
    """`specificity` is what the decision's threshold has on validation: of the first cause, by the last horizon."""

    network: HazardParams
    cox: CoxParams
    boosting: BoostingParams
    curve: CurveParams
    blend: BlendParams
    specificity: Annotated[float, Field(gt=0, lt=1)]
    serving: ServingParams


CausesJob = Job[CausesParams, ModelParams, EvaluateParams]
