"""Params of the recipe binary: the blocks that its parts read."""

from typing import Annotated, Any, Literal

from pydantic import Field

from components.core.blocks import Block, Names
from components.core.job import Job
from components.core.params.evaluate import EvaluateBlock
from components.kits.tables.encoding.spec import TableParams

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]


class NetworkParams(Block):
    """Sizes of the TabM network; `bins`, or `frequencies` and `frequency_scale`, serve their embedding."""

    k: Count
    blocks: Count
    width: Count
    dropout: Share
    embedding: Literal["none", "piecewise_linear", "periodic"]
    embedding_size: Count
    bins: Annotated[int, Field(ge=2)]
    frequencies: Count
    frequency_scale: Annotated[float, Field(gt=0)]


class LogisticParams(Block):
    """`leave_out` names numeric features that would only add collinear columns to a linear model."""

    leave_out: Names
    knots: Annotated[int, Field(ge=2)]
    c: Annotated[float, Field(gt=0)]


class LightGBMParams(Block):
    """`settings` are LightGBM's own; `monotone` says which features may only raise (1) or lower (-1) the score."""

    seeds: Count
    settings: dict[str, Any]
    monotone: dict[str, Literal[-1, 1]]


class BlendParams(Block):
    """`shrinkage` pulls the weights towards equal ones; members below `min_weight` are left out."""

    shrinkage: Annotated[float, Field(ge=0)]
    min_weight: Share
    calibrators: Names
    calibration_folds: Annotated[int, Field(ge=2)]


class FewParams(Block):
    """What differs where training and validation rows are fewer than `rows` together: blend, calibration and threshold
    rest on `folds` cross-fits of all members, which are then fitted on all these rows.

    `shrinkage` stands in for the blend's. `batch_size` and `min_child_samples` are the most for network and LightGBM;
    of the inverse penalties `c` of the logistic regression the likeliest is taken.
    """

    rows: Annotated[int, Field(ge=0)]
    folds: Annotated[int, Field(ge=2)]
    shrinkage: Annotated[float, Field(ge=0)]
    batch_size: Count
    min_child_samples: Count
    c: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(strict=False, min_length=1)]


class ServingParams(Block):
    """What is answered: `decisions` at or above the threshold and below it, score `bands` of equal mass on held-out
    rows, so many `reasons` for a row at or above the threshold.
    """

    decisions: Annotated[tuple[str, str], Field(strict=False)]
    bands: Annotated[int, Field(ge=2)]
    reasons: Count


class ModelParams(Block):
    network: NetworkParams
    logistic: LogisticParams
    lightgbm: LightGBMParams
    blend: BlendParams
    few: FewParams
    serving: ServingParams


class Sensitive(Block):
    """A column whose groups are compared for fairness, cut at `edges` if it is a number."""

    column: str
    edges: Annotated[tuple[float, ...], Field(strict=False)] | None


class EvaluateParams(EvaluateBlock):
    ece_bins: Annotated[int, Field(ge=2)]
    psi_bins: Annotated[int, Field(ge=2)]
    psi_floor: Annotated[float, Field(gt=0, lt=0.1)]
    slices: list[Sensitive]
    sensitive: list[Sensitive]


BinaryJob = Job[TableParams, ModelParams, EvaluateParams]
