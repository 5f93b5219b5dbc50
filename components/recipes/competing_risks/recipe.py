"""Times that end with one of several causes: a network of all causes' hazards beside Cox's regression of each."""

from typing import TYPE_CHECKING

from components.core.params.case import DistillParams, Int8DynamicParams, Int8StaticParams, PruneParams
from components.core.recipe import Parts, Recipe
from components.kits.survival.blocks import EvaluateParams
from components.kits.tables.limits import RowChecks
from components.recipes.competing_risks.params.cohort import CausesOptions, CausesParams
from components.recipes.competing_risks.params.params import ModelParams
from components.recipes.competing_risks.words import BASELINES, LOWER_IS_BETTER, METRICS

RECIPE = Recipe(
    name="competing_risks",
    prepare=CausesParams,
    model=ModelParams,
    evaluate=EvaluateParams,
    primary="ibs",
    lower_is_better=LOWER_IS_BETTER,
    variants={
        "int8_dynamic": Int8DynamicParams,
        "int8_static": Int8StaticParams,
        "pruned": PruneParams,
        "distilled": DistillParams,
    },
    options=CausesOptions,
    checks=RowChecks,
    metrics=METRICS,
    baselines=BASELINES,
    network="hazard network",
    units="people",
    probability_scores=("ibs",),
)

if TYPE_CHECKING:  # each module beside what is asked of it
    from components.core.parts import Calibrated
    from components.recipes.competing_risks import folds, predict, variants, watch
    from components.recipes.competing_risks.assembly import assembly
    from components.recipes.competing_risks.preparation import preparation
    from components.recipes.competing_risks.report import report
    from components.recipes.competing_risks.serving import serving
    from components.recipes.competing_risks.training import training

    _parts: Parts = (preparation, training, assembly, serving, report, variants, folds, predict, watch)
    _calibrated: Calibrated = serving
