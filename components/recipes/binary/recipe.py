"""Rows of a table with two classes: TabM beside logistic splines and LightGBM."""

from typing import TYPE_CHECKING

from components.core.recipe import Parts, Recipe
from components.kits.tables.encoding.spec import TableParams
from components.kits.tables.learning.blocks import NETWORK_VARIANTS
from components.kits.tables.limits import RowChecks, TableOptions
from components.recipes.binary.params import EvaluateParams, ModelParams
from components.recipes.binary.words import BASELINES, METRICS

RECIPE = Recipe(
    name="binary",
    prepare=TableParams,
    model=ModelParams,
    evaluate=EvaluateParams,
    primary="auc",
    lower_is_better=frozenset({"brier", "ece", "log_loss"}),
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
    from components.recipes.binary import folds, predict, variants, watch
    from components.recipes.binary.assembly import assembly
    from components.recipes.binary.preparation import preparation
    from components.recipes.binary.report import report
    from components.recipes.binary.serving import serving
    from components.recipes.binary.training import training

    _parts: Parts = (preparation, training, assembly, serving, report, variants, folds, predict, watch)
    _calibrated: Calibrated = serving
