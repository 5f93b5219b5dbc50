"""Blocks of params of learning from a table, which the recipes of one outcome have in common."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import Field

from components.core.blocks import Block, Names
from components.core.job import Job
from components.core.params.case import DistillParams, Int8DynamicParams, Int8StaticParams, PruneParams
from components.core.params.evaluate import EvaluateBlock

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]

# Of `Recipe.variants`; their makers are those of `recipes.shared.table_variants`.
NETWORK_VARIANTS: Mapping[str, type[Block]] = {
    "int8_dynamic": Int8DynamicParams,
    "int8_static": Int8StaticParams,
    "pruned": PruneParams,
    "distilled": DistillParams,
}


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


class SplineParams(Block):
    """`leave_out` names numeric features that would only add collinear columns to a linear model."""

    leave_out: Names
    knots: Annotated[int, Field(ge=2)]


class LogisticParams(SplineParams):
    """`c` is the inverse of the ridge penalty."""

    c: Annotated[float, Field(gt=0)]


class BoostingParams(Block):
    """`settings` are LightGBM's own."""

    seeds: Count
    settings: dict[str, Any]


class LightGBMParams(BoostingParams):
    """`monotone` says which features may only raise (1) or lower (-1) the score."""

    monotone: dict[str, Literal[-1, 1]]


class StoppedBoostingParams(BoostingParams):
    """`n_estimators` of the settings is the most: rows that are held out end it, once so many more trees (`patience`)
    answer them no better.
    """

    patience: Count


class BlendParams(Block):
    """`shrinkage` pulls the weights towards equal ones; members below `min_weight` are left out."""

    shrinkage: Annotated[float, Field(ge=0)]
    min_weight: Share


class CalibratedParams(BlendParams):
    """Of the `calibrators` one is chosen by cross-validation over `calibration_folds`."""

    calibrators: Names
    calibration_folds: Annotated[int, Field(ge=2)]


class FewParams(Block):
    """What differs where training and validation rows are fewer than `rows` together: what is chosen on held-out rows
    rests on `folds` cross-fits of all members, which are then fitted on all these rows.

    `shrinkage` stands in for the blend's. `batch_size` and `min_child_samples` are the most for network and LightGBM.
    """

    rows: Annotated[int, Field(ge=0)]
    folds: Annotated[int, Field(ge=2)]
    shrinkage: Annotated[float, Field(ge=0)]
    batch_size: Count
    min_child_samples: Count


class FewLogisticParams(FewParams):
    """Of the inverse penalties `c` of the logistic regression the likeliest is taken."""

    c: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(strict=False, min_length=1)]


class RefitParams(FewParams):
    """With `refit` members of more rows are fitted on the validation rows, too, once these have chosen among them."""

    refit: bool


class LearnedParams(Block):
    """What every block `model` of such a recipe has."""

    network: NetworkParams
    lightgbm: BoostingParams
    few: FewParams


class Sensitive(Block):
    """A column whose groups are compared, cut at `edges` if it is a number."""

    column: str
    edges: Annotated[tuple[float, ...], Field(strict=False)] | None


class SlicedParams(EvaluateBlock):
    """`slices` are looked at apart."""

    slices: list[Sensitive]


Model = TypeVar("Model", bound=LearnedParams)
LearnedJob: TypeAlias = Job[Any, Model, Any]
