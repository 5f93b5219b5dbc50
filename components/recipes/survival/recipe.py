"""Times to an event in a cohort: a hazard network beside Cox's regression, a survival forest and boosting."""

from typing import TYPE_CHECKING

from components.core.params.case import DistillParams, Int8DynamicParams, Int8StaticParams, PruneParams
from components.core.recipe import Parts, Recipe
from components.kits.survival.blocks import EvaluateParams
from components.kits.survival.cohort import CohortOptions, CohortParams
from components.kits.tables.limits import RowChecks
from components.recipes.survival.params.params import ModelParams
from components.recipes.survival.words import BASELINES, METRICS

RECIPE = Recipe(
    name="survival",
    prepare=CohortParams,
    model=ModelParams,
    evaluate=EvaluateParams,
    primary="c_index",
    lower_is_better=frozenset({"ibs"}),
    variants={
        "int8_dynamic": Int8DynamicParams,
        "int8_static": Int8StaticParams,
        "pruned": PruneParams,
        "distilled": DistillParams,
    },
    options=CohortOptions,
    checks=RowChecks,
    metrics=METRICS,
    baselines=BASELINES,
    network="hazard network",
    units="people",
    probability_scores=("ibs",),
)

if TYPE_CHECKING:  # each module beside what is asked of it
    from components.core.parts import Calibrated
    from components.recipes.survival import folds, predict, variants, watch
    from components.recipes.survival.assembly import assembly
    from components.recipes.survival.preparation import preparation
    from components.recipes.survival.report import report
    from components.recipes.survival.serving import serving
    from components.recipes.survival.training import training

    _parts: Parts = (preparation, training, assembly, serving, report, variants, folds, predict, watch)
    _calibrated: Calibrated = serving
