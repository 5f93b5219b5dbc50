"""Times to an event in a cohort: a hazard network beside Cox's regression, a survival forest and boosting."""

from typing import TYPE_CHECKING

from components.core.params.case import DistillParams, Int8DynamicParams, Int8StaticParams, PruneParams
from components.core.parts import Assembly, Folds, Predict, Preparation, Reporting, Serving, Trained, Variants, Watching
from components.core.recipe import Recipe
from components.recipes.survival.params.cohort import CohortParams
from components.recipes.survival.params.params import EvaluateParams, ModelParams

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
)

if TYPE_CHECKING:  # each module beside what is asked of it
    from components.recipes.survival import folds, variants, watch
    from components.recipes.survival import predict as stream
    from components.recipes.survival.assembly import assembly as assemble
    from components.recipes.survival.preparation import preparation as prepare
    from components.recipes.survival.report import report
    from components.recipes.survival.serving import serving as serve
    from components.recipes.survival.training import training

    _parts: tuple[Preparation, Trained, Assembly, Serving, Reporting, Variants, Folds, Predict, Watching] = (
        prepare, training, assemble, serve, report, variants, folds, stream, watch,
    )  # fmt: skip
