"""Params of the recipe regression: the blocks that its parts read, beside those of every table's models."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from components.core.blocks import Block
from components.core.errors import CasebookError, nearest_of
from components.core.job import AnyJob, Job
from components.kits.tables.learning.blocks import (
    BlendParams,
    Count,
    LearnedParams,
    LightGBMParams,
    RefitParams,
    SlicedParams,
    SplineParams,
    StoppedBoostingParams,
)
from components.kits.tables.outcome.params import NumberParams

Kind: TypeAlias = Literal["squared", "absolute", "log", "poisson", "tweedie"]
Calibrator: TypeAlias = Literal["identity", "factor", "line"]
Method: TypeAlias = Literal["alike", "scaled", "quantiles"]
GROUPED = ("categorical", "band")  # kinds of columns whose groups may have intervals of their own


class LossParams(Block):
    """What the members learn by: see `metrics.losses`. `power` is that of `tweedie`: the variance grows with the mean
    to that power.
    """

    kind: Kind
    power: Annotated[float, Field(gt=1, lt=2)]


class AskedLoss(Block):
    """The same, or `auto`: `squared`, or `log` where that answers training rows surely better (`training.loss`)."""

    kind: Kind | Literal["auto"]
    power: Annotated[float, Field(gt=1, lt=2)]


class RidgeParams(SplineParams):
    """Of the penalties `alphas` the one of the smallest error on rows that were left out is taken."""

    alphas: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(strict=False, min_length=1)]


class TreesParams(StoppedBoostingParams, LightGBMParams):
    """`settings` are those that all have; of those `tried` beside them the ones are taken that answer rows best which
    were left out.
    """

    tried: Annotated[tuple[dict[str, Any], ...], Field(strict=False, min_length=1)]


class CorrectedParams(BlendParams):
    """Of the `calibrators` (see `metrics.calibration`) one is chosen on rows that were left out of its fit."""

    calibrators: Annotated[tuple[Calibrator, ...], Field(strict=False, min_length=1)]


class NumberFewParams(RefitParams):
    """The network learns `longer`, so many times as many epochs, where it answers the validation rows surely better
    after them; 1: never.
    """

    longer: Count


class IntervalParams(Block):
    """Intervals that hold the share `coverage` of rows like those that they were found on.

    Of the `methods` (see `metrics.conformal`) the one of the best interval score is taken on rows that were left out,
    by `folds`; the first, unless another is surely better. `by` names a column of classes that have intervals of their
    own each, of `min_group` rows at least. `trees` are LightGBM's settings for the quantiles of `scaled` and
    `quantiles`.
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


class ModelParams(LearnedParams):
    loss: AskedLoss
    ridge: RidgeParams
    lightgbm: TreesParams
    blend: CorrectedParams
    few: NumberFewParams
    intervals: IntervalParams
    serving: ServingParams


class EvaluateParams(SlicedParams):
    """PSI by `psi_bins` bins, of which none counts as less than `psi_floor`."""

    psi_bins: Annotated[int, Field(ge=2)]
    psi_floor: Annotated[float, Field(gt=0, lt=0.1)]


RegressionJob = Job[NumberParams, ModelParams, EvaluateParams]


def agree(job: AnyJob) -> None:
    """Intervals by group need a column of classes.

    Raises:
        CasebookError: `model.intervals.by` names none.
    """
    if "model" not in job.params.model_fields_set or job.model.intervals.by is None:
        return
    by, columns = job.model.intervals.by, job.prepare.columns
    known = [name for name, column in columns.items() if column.kind in GROUPED]
    if by not in known:
        there = f"its kind is {columns[by].kind}" if by in columns else "there is no such column"
        raise CasebookError(
            f"params.cases.{job.case}.model.intervals.by: {by!r} is no column of classes ({there})"
            f"{nearest_of(by, known)}; intervals by group go by a column of kind categorical or band"
        )
