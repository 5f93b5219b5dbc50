"""Rows of a table with several classes: TabM beside multinomial logistic splines and LightGBM."""

from typing import TYPE_CHECKING

from components.core.recipe import Parts, Recipe
from components.kits.tables.learning.blocks import NETWORK_VARIANTS
from components.kits.tables.limits import RowChecks, TableOptions
from components.kits.tables.outcome.params import ClassesParams
from components.recipes.multiclass.params import EvaluateParams, ModelParams
from components.recipes.multiclass.words import BASELINES, METRICS

RECIPE = Recipe(
    name="multiclass",
    prepare=ClassesParams,
    model=ModelParams,
    evaluate=EvaluateParams,
    primary="log_loss",
    lower_is_better=frozenset({"log_loss", "brier", "ece", "class_ece"}),
    variants=NETWORK_VARIANTS,
    options=TableOptions,
    checks=RowChecks,
    metrics=METRICS,
    baselines=BASELINES,
    network="TabM",
    probability_scores=("log_loss", "brier"),
)

if TYPE_CHECKING:  # each module beside what is asked of it
    from components.core.parts import Calibrated
    from components.recipes.multiclass import folds, predict, variants, watch
    from components.recipes.multiclass.assembly import assembly
    from components.recipes.multiclass.preparation import preparation
    from components.recipes.multiclass.report import report
    from components.recipes.multiclass.serving import serving
    from components.recipes.multiclass.training import training

    _parts: Parts = (preparation, training, assembly, serving, report, variants, folds, predict, watch)
    _calibrated: Calibrated = serving
