"""Next item of a user: a sequence Transformer beside EASE, transitions and popularity."""

from typing import TYPE_CHECKING

from components.core.params.case import Int8DynamicParams, Int8StaticParams
from components.core.parts import CatchesUp, Remembering
from components.core.recipe import Parts, Recipe
from components.recipes.next_item.params.agreement import check_features
from components.recipes.next_item.params.interactions import InteractionsParams
from components.recipes.next_item.params.params import (
    PRIMARY,
    EvaluateParams,
    LowRankParams,
    ModelParams,
    PredictOptions,
)
from components.recipes.next_item.words import BASELINES, METRICS

RECIPE = Recipe(
    name="next_item",
    prepare=InteractionsParams,
    model=ModelParams,
    evaluate=EvaluateParams,
    agree=check_features,
    primary=PRIMARY,
    variants={"int8_dynamic": Int8DynamicParams, "int8_static": Int8StaticParams, "low_rank": LowRankParams},
    options=PredictOptions,
    packages=("faiss-cpu",),
    metrics=METRICS,
    baselines=BASELINES,
    network="Transformer",
    units="users",
    histories=True,
)

if TYPE_CHECKING:  # each module beside what is asked of it
    from components.recipes.next_item import catch_up, folds, predict, variants, watch
    from components.recipes.next_item.assembly import assembly
    from components.recipes.next_item.preparation import preparation
    from components.recipes.next_item.report import report
    from components.recipes.next_item.serving import serving
    from components.recipes.next_item.training import training

    _parts: Parts = (preparation, training, assembly, serving, report, variants, folds, predict, watch)
    _of_histories: tuple[Remembering, CatchesUp] = (serving, catch_up)
