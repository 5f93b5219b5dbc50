"""Blocks of params that recipes of times to events share."""

from typing import Annotated

from pydantic import Field, model_validator

from components.core.blocks import Block
from components.core.params.evaluate import EvaluateBlock

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Numbers = Annotated[tuple[float, ...], Field(strict=False, min_length=1)]


class HazardParams(Block):
    """A TabM network of hazards that are constant in each of `intervals` with equally many events.

    `time_varying` scales how far they may leave proportional hazards.
    """

    intervals: Annotated[int, Field(ge=2)]
    time_varying: Annotated[float, Field(ge=0)]
    k: Count
    blocks: Count
    width: Count
    dropout: Share


class CoxParams(Block):
    knots: Annotated[int, Field(ge=2)]
    ridge: Positive


class ForestParams(Block):
    """`features` is the share looked at for a split, `resolution` the years that times are rounded to."""

    trees: Count
    min_leaf: Count
    features: Annotated[float, Field(gt=0, le=1)]
    resolution: Positive
    seed: int


class BoostingParams(Block):
    trees: Count
    rate: Positive
    depth: Count
    min_leaf: Count
    subsample: Annotated[float, Field(gt=0, le=1)]
    features: Annotated[float, Field(gt=0, le=1)]
    seed: int


class CurveParams(Block):
    """Years: `step` of the grid on which members are pooled, and the `horizons` that are answered."""

    step: Positive
    horizons: Numbers

    @model_validator(mode="after")
    def _horizons_are_on_the_grid(self) -> "CurveParams":
        if list(self.horizons) != sorted(set(self.horizons)) or len(self.horizons) < 2 or self.horizons[0] <= 0:
            raise ValueError("horizons must rise from above 0, two at least")
        if off := [year for year in self.horizons if abs(year / self.step - round(year / self.step)) > 1e-9]:
            raise ValueError(f"horizon {off[0]:g} is no multiple of step {self.step:g}")
        return self


class BlendParams(Block):
    """`shrinkage` pulls the weights towards equal ones; members below `min_weight` are left out."""

    shrinkage: Annotated[float, Field(ge=0)]
    min_weight: Share


class ServingParams(Block):
    """What is answered: `decisions` at or above the threshold and below it, and so many `reasons` for each patient."""

    decisions: Annotated[tuple[str, str], Field(strict=False)]
    reasons: Count


class Subgroup(Block):
    """A column whose groups are looked at apart, cut at `edges` if it is a number."""

    column: str
    edges: Annotated[tuple[float, ...], Field(strict=False)] | None


class EvaluateParams(EvaluateBlock):
    """`calibrated` are horizons, `net_benefit` threshold risks of the table; so many `patients` are drawn."""

    calibrated: Numbers
    calibration_groups: Annotated[int, Field(ge=2)]
    risk_groups: Annotated[int, Field(ge=2, le=5)]
    net_benefit: Numbers
    patients: Count
    subgroups: list[Subgroup]
