"""Rows of a table with a number for a target: TabM beside ridge regression on splines and LightGBM."""

from typing import TYPE_CHECKING

from components.core.recipe import Parts, Recipe
from components.kits.tables.learning.blocks import NETWORK_VARIANTS
from components.kits.tables.limits import RowChecks, TableOptions
from components.kits.tables.outcome.params import NumberParams
from components.recipes.regression.params import EvaluateParams, ModelParams, agree
from components.recipes.regression.words import BASELINES, METRICS

RECIPE = Recipe(
    name="regression",
    prepare=NumberParams,
    model=ModelParams,
    evaluate=EvaluateParams,
    primary="rmse",
    lower_is_better=frozenset({"rmse", "mae", "pinball", "width"}),
    variants=NETWORK_VARIANTS,
    options=TableOptions,
    checks=RowChecks,
    metrics=METRICS,
    baselines=BASELINES,
    network="TabM",
    relative=True,
    stated=("coverage",),
    agree=agree,
)

if TYPE_CHECKING:  # each module beside what is asked of it
    from components.core.parts import Stating
    from components.recipes.regression import folds, predict, variants, watch
    from components.recipes.regression.assembly import assembly
    from components.recipes.regression.preparation import preparation
    from components.recipes.regression.report import report
    from components.recipes.regression.serving import serving
    from components.recipes.regression.training import training

    _parts: Parts = (preparation, training, assembly, serving, report, variants, folds, predict, watch)
    _stating: Stating = serving
