"""A number told from other numbers of its row: a small network beside ridge regression."""

from typing import TYPE_CHECKING

from components.core.params.case import Int8DynamicParams
from components.core.params.evaluate import EvaluateBlock
from components.core.recipe import Parts, Recipe
from components.recipes.shared.template.params import ModelParams, PrepareParams
from components.recipes.shared.template.words import BASELINES, METRICS

RECIPE = Recipe(
    name="shared.template",
    prepare=PrepareParams,
    model=ModelParams,
    evaluate=EvaluateBlock,
    primary="mae",
    lower_is_better=frozenset({"mae", "rmse"}),
    variants={"int8_dynamic": Int8DynamicParams},
    metrics=METRICS,
    baselines=BASELINES,
    network="small network",
)

if TYPE_CHECKING:  # mypy holds each module against what a stage asks of it
    from components.recipes.shared.template import assembly, folds, preparation, serving, training, variants, watch
    from components.recipes.shared.template import predict as stream
    from components.recipes.shared.template import report as judge

    _parts: Parts = (preparation, training, assembly, serving, judge, variants, folds, stream, watch)
