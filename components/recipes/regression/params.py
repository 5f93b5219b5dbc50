"""Params of the recipe regression: the blocks that its parts read, beside those of every table's models."""

from typing import Annotated, Any, Literal

from pydantic import Field

from components.core.blocks import Block, Names
from components.core.params.evaluate import EvaluateBlock

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Kind = Literal["squared", "absolute", "log", "poisson", "tweedie"]
Calibrator = Literal["identity", "factor", "line"]
Method = Literal["alike", "scaled", "quantiles"]
GROUPED = ("categorical", "band")  # kinds of columns whose groups may have intervals of their own


class LossParams(Block):
    """What the members learn by: see `metrics.losses`. `power` is that of `tweedie`: the variance grows with the mean
    to that power.
    """

    kind: Kind
    power: Annotated[float, Field(gt=1, lt=2)]


class RidgeParams(Block):
    """`leave_out` names numeric features that would only add collinear columns to a linear model; of the penalties
    `alphas` the one of the smallest leave-one-out error is taken.
    """

    leave_out: Names
    knots: Annotated[int, Field(ge=2)]
    alphas: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(strict=False, min_length=1)]


class IntervalParams(Block):
    """Intervals that hold the share `coverage` of rows like those that they were found on.

    Of the `methods` (see `metrics.conformal`) the one of the best interval score is taken on rows that were left out;
    the first, unless another is surely better. `by` names a column of classes that have intervals of their own each,
    of `min_group` rows at least. `trees` are LightGBM's settings for the quantiles of `scaled` and `quantiles`.
    """

    coverage: Annotated[float, Field(ge=0.5, lt=1)]
    methods: Annotated[tuple[Method, ...], Field(strict=False, min_length=1)]
    folds: Annotated[int, Field(ge=2)]
    by: str | None
    min_group: Count
    trees: dict[str, Any]


class ServingParams(Block):
    """What is answered: so many `reasons` for each row."""

    reasons: Count


class EvaluateParams(EvaluateBlock):
    psi_bins: Annotated[int, Field(ge=2)]
    psi_floor: Annotated[float, Field(gt=0, lt=0.1)]
    slices: list[Any]
